"""Through the command line, AWS on loopback, and the real release function over the world in memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from cli.main import run
from cli.outcome import ExitCode
from cli.release.verdict import raise_unless_promoted
from serin.release.items import to_json
from serin.release.record import Status
from tests.peer import Reply
from tests.unit.cli.release.cloud import Deployed, baking, cloud


def promoted(model: str = "m") -> Deployed:
    return Deployed(model).deploy("1", "1.0.0")


def rolled_back(model: str = "m") -> Deployed:
    deployed = baking(model)
    deployed.world.bad = True
    deployed.look(2)
    return deployed


def held(model: str = "m") -> Deployed:
    deployed = baking(model)
    deployed.world.senses.is_silent = True
    deployed.look(5)
    return deployed


def ask(*words: str) -> int:
    return run(["release", "status", *words])


@pytest.mark.parametrize(
    ("deployed", "code", "said"),
    [
        (promoted, ExitCode.OK, ""),
        (baking, ExitCode.NOT_ENOUGH_DATA, "serin: release 2 of m is baking at step 1 of 2\n"),
        (held, ExitCode.NOT_ENOUGH_DATA, "serin: release 2 of m is held at step 1 of 2\n"),
        (rolled_back, ExitCode.NOT_PROMOTED, "serin: release 2 of m is rolled back\n"),
    ],
    ids=["promoted", "baking", "held", "rolled back"],
)
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_the_exit_code_says_how_the_last_release_stands(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    deployed: Callable[[], Deployed],
    code: ExitCode,
    said: str,
    form: list[str],
) -> None:
    with cloud(monkeypatch, deployed()):
        assert ask("m", *form) == code
    printed = capsys.readouterr()
    assert printed.err == said
    assert printed.out


@pytest.mark.parametrize("status", [each for each in Status if each.is_final and each is not Status.PROMOTED])
def test_every_other_end_is_not_a_promotion(status: Status, monkeypatch: pytest.MonkeyPatch) -> None:
    deployed = baking()
    deployed.world.store.write(replace(deployed.last, status=status))
    with cloud(monkeypatch, deployed):
        assert ask("m") == ExitCode.NOT_PROMOTED


def test_a_status_is_shown_whole(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    deployed = baking().judged()
    deployed.look()
    with cloud(monkeypatch, deployed):
        ask("m", "--stage", "dev")
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "m: release 2, baking at step 1 of 2 for 40 s, 9 min 20 s left of 10 min"
    assert [line.split()[0] for line in printed if line][1:] == [
        *("new", "stable", "started", "judge", "golden"),
        *("measure", "error_rate", "latency_p50", "latency_p95", "latency_p99", "prediction_shift"),
    ]


def test_a_script_reads_the_record(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    deployed = held()
    with cloud(monkeypatch, deployed):
        ask("m", "--json")
    document = json.loads(capsys.readouterr().out)
    assert document.pop("alias") == {"version": "1", "canary": "2", "percent": 5}
    assert document.pop("now") == deployed.world.time
    assert document == json.loads(json.dumps(to_json(deployed.last)))


def test_every_model_of_a_stage_has_a_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with cloud(monkeypatch, rolled_back("b"), promoted("a")):
        assert ask() == ExitCode.NOT_PROMOTED
    printed = capsys.readouterr()
    assert [line.split()[:3] for line in printed.out.splitlines()] == [["a", "release", "1"], ["b", "release", "2"]]
    assert printed.err == "serin: release 2 of b is rolled back\n"


def test_as_long_as_one_is_on_its_way_a_script_asks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with cloud(monkeypatch, rolled_back("a"), held("b"), promoted("c")):
        assert ask() == ExitCode.NOT_ENOUGH_DATA


def test_all_well_is_0(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with cloud(monkeypatch, promoted("a"), promoted("b")):
        assert ask("--json") == ExitCode.OK
    document = json.loads(capsys.readouterr().out)
    assert {model: each["status"] for model, each in document["models"].items()} == {"a": "promoted", "b": "promoted"}


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_what_cannot_be_told_of_one_model_does_not_hide_the_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], form: list[str]
) -> None:
    broken = promoted("a")
    broken.reply = Reply(200, b'{"errorType": "E", "errorMessage": "x"}', {"x-amz-function-error": "Unhandled"})
    with cloud(monkeypatch, broken, promoted("b"), Deployed("c")):
        assert ask(*form) == ExitCode.UNREACHABLE
    printed = capsys.readouterr()
    assert "the release function of model a failed (E: x)" in printed.out
    assert "release 1" in printed.out or '"number": 1' in printed.out
    assert "c has no release yet" in printed.out
    assert printed.err.startswith("serin: the release function of model a failed")


@pytest.mark.parametrize("model", [["m"], []])
def test_a_watch_goes_on_until_the_release_ends(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], model: list[str]
) -> None:
    deployed = baking()
    monkeypatch.setattr("cli.release.follow.time.sleep", lambda _seconds: deployed.look())
    with cloud(monkeypatch, deployed):
        assert ask(*model, "--watch") == ExitCode.OK
    printed = capsys.readouterr().out.splitlines()
    assert "baking at step 1 of 2" in printed[0]
    assert printed[-1].split()[:4] == ["m", "release", "2", "promoted"]
    assert len(printed) == len(set(printed))


def test_a_watch_is_no_document() -> None:
    assert ask("m", "--watch", "--json") == ExitCode.USAGE


def test_nothing_to_tell_of_is_nothing_wrong() -> None:
    raise_unless_promoted([])
