"""Through the command line, AWS on loopback, and the real release function over the world in memory."""

from __future__ import annotations

import json

import pytest

from cli.main import run
from cli.outcome import ExitCode
from serin.release.record import Status, Traffic
from tests.unit.cli.release.cloud import ADA, Deployed, baking, cloud

ORDERS = ("start", "abort", "promote", "rollback")


def give(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], deployed: Deployed, *words: str
) -> tuple[int, str, str]:
    """Exit code and what was said, of ``words`` with a reason."""
    with cloud(monkeypatch, deployed):
        code = run(["release", words[0], "m", *words[1:], "--reason", "looks odd"])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def over() -> Deployed:
    """1.1.0 (2) has been promoted."""
    deployed = baking()
    deployed.look(10)
    assert deployed.last.status is Status.PROMOTED
    return deployed


def test_an_abort_gives_the_stable_version_everything(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    deployed = baking()
    said = f"release 2 of m is aborted: looks odd ({ADA})\n"
    assert give(monkeypatch, capsys, deployed, "abort") == (ExitCode.OK, said, "")
    assert deployed.world.alias.now == Traffic(version="1")


def test_a_promotion_gives_the_new_version_everything(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    deployed = baking()
    said = "release 2 of m: version 1.1.0 (2) has all of the traffic\n"
    assert give(monkeypatch, capsys, deployed, "promote") == (ExitCode.OK, said, "")
    assert deployed.world.alias.now == Traffic(version="2")


def test_a_promotion_does_not_overrule_the_golden_cases(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    deployed = Deployed().deploy("1", "1.0.0").deploy("2", "1.1.0")
    deployed.world.senses.wrong["2"] = ("case 1: wrong",)
    assert give(monkeypatch, capsys, deployed, "promote") == (
        ExitCode.NOT_PROMOTED,
        "release 2 of m is refused: case 1: wrong\n",
        "serin: release 2 of m is refused\n",
    )


@pytest.mark.parametrize("to", [[], ["--to", "1.0.0"], ["--to", "1"]])
def test_a_rollback_goes_to_the_version_before_or_the_one_that_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], to: list[str]
) -> None:
    deployed = over()
    said = "release 3 of m: version 1.0.0 (1) has all of the traffic\n"
    assert give(monkeypatch, capsys, deployed, "rollback", *to) == (ExitCode.OK, said, "")
    assert deployed.world.alias.now == Traffic(version="1")
    assert (deployed.last.by, deployed.last.start_reason) == (ADA, "looks odd")


def test_a_rollback_to_what_does_not_answer_has_to_be_forced(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    deployed = over()
    deployed.world.senses.unready["1"] = "version 1 of model m is not ready; its log says why"
    code, _, said = give(monkeypatch, capsys, deployed, "rollback")
    assert code == ExitCode.REFUSED
    assert said.startswith("serin: version 1 of model m is not ready; its log says why; nothing was moved")
    assert deployed.world.alias.now == Traffic(version="2")
    assert give(monkeypatch, capsys, deployed, "rollback", "--force")[0] == ExitCode.OK
    assert deployed.world.alias.now == Traffic(version="1")


@pytest.mark.parametrize("version", [[], ["--version", "1.1.0"], ["--version", "2"]])
def test_a_start_says_how_to_follow_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], version: list[str]
) -> None:
    deployed = over()
    give(monkeypatch, capsys, deployed, "rollback")
    said = (
        "release 4 of m: version 1.1.0 (2) is on its way beside 1.0.0 (1); "
        "`serin release status m --stage dev --watch` follows it\n"
    )
    assert give(monkeypatch, capsys, deployed, "start", *version) == (ExitCode.OK, said, "")
    assert deployed.runs == [4]


def test_a_script_reads_the_record(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, text, _ = give(monkeypatch, capsys, baking(), "abort", "--json")
    assert (code, json.loads(text)["status"]) == (ExitCode.OK, "aborted")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["abort"], "release 2 of m is promoted; there is nothing to abort"),
        (["promote"], "release 2 of m is promoted; there is nothing to promote"),
        (["start"], "m: version 2 has all of the traffic already"),
        (
            ["rollback", "--to", "3.0.0"],
            "m has released no version '3.0.0'; the last ones are 1.1.0 (2), 1.0.0 (1)",
        ),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], why: str
) -> None:
    deployed = over()
    assert give(monkeypatch, capsys, deployed, *words) == (ExitCode.REFUSED, "", f"serin: {why}\n")
    assert deployed.world.alias.now == Traffic(version="2")


def test_a_release_that_ends_otherwise_than_was_ordered_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    deployed = baking()
    deployed.world.alias.set(Traffic(version="9"))
    code, text, said = give(monkeypatch, capsys, deployed, "promote")
    assert (code, said) == (ExitCode.NOT_PROMOTED, "serin: release 2 of m is interrupted\n")
    assert "the alias is on version 9, which this release did not set; it is left so" in text


@pytest.mark.parametrize("command", ORDERS)
@pytest.mark.parametrize(
    ("reason", "why"),
    [
        ([], "Missing option '--reason'; see `serin release "),
        (["--reason", ""], "--reason: expected some text"),
        (["--reason", "x" * 501], "--reason: 501 characters are too many; at most 500 are kept"),
        (["--reason", "a\nb"], "--reason: holds a control character; one line of plain text is expected"),
        (["--reason", "a\x1b[2J"], "--reason: holds a control character; one line of plain text is expected"),
    ],
)
def test_an_order_without_a_reason_is_not_given(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    reason: list[str],
    why: str,
) -> None:
    with cloud(monkeypatch, baking()) as aws:
        assert run(["release", command, "m", *reason]) == ExitCode.USAGE
        assert aws.peer.asked == []
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"serin: {why}")
    assert printed.err.count("\n") == 1


def test_nobody_can_order_in_anothers_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["release", "abort", "m", "--reason", "x", "--by", "somebody"]) == ExitCode.USAGE
    assert "No such option: --by" in capsys.readouterr().err
