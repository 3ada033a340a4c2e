"""Through the command line, AWS on loopback, and the real release function over the world in memory."""

from __future__ import annotations

import json

import pytest

from cli.main import run
from cli.outcome import ExitCode
from serin.release.items import to_json
from tests.unit.cli.release.cloud import ADA, Deployed, baking, cloud


def grown() -> Deployed:
    """Four releases: the first, one that was rolled back, a rollback by ada, and one that has just begun."""
    deployed = baking().judged()
    deployed.look(2)
    deployed.commands({"command": "rollback", "by": ADA, "reason": "looks odd"})
    return deployed.deploy("3", "1.2.0")


def asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], deployed: Deployed, *words: str
) -> tuple[int, str, str]:
    with cloud(monkeypatch, deployed):
        code = run(["release", "history", "m", *words])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_releases_are_listed_newest_first(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, text, _ = asked(monkeypatch, capsys, grown())
    assert code == ExitCode.OK
    assert [" ".join(line.split()) for line in text.splitlines()] == [
        "release started from -> to status begun by because",
        "4 1970-01-01T00:17:40Z 1.0.0 (1) -> 1.2.0 (3) admitting a deploy its golden cases come first",
        "3 1970-01-01T00:17:40Z 1.0.0 (1) promoted assumed-role/Admin/ada: looks odd",
        (
            "2 1970-01-01T00:16:40Z 1.0.0 (1) -> 1.1.0 (2) superseded a deploy "
            f"version 1.0.0 (1) is to be released ({ADA})"
        ),
        "1 1970-01-01T00:16:40Z 1.0.0 (1) promoted a deploy",
    ]


def test_a_script_reads_every_record_with_its_evidence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    deployed = grown()
    _, text, _ = asked(monkeypatch, capsys, deployed, "--json")
    records = json.loads(text)["releases"]
    assert [each["number"] for each in records] == [4, 3, 2, 1]
    assert records[0] == json.loads(json.dumps(to_json(deployed.last)))
    assert records[2]["judgement"]["evidence"][0]["measure"] == "error_rate"


def test_one_release_is_shown_with_its_evidence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text, _ = asked(monkeypatch, capsys, grown(), "--number", "2")
    assert code == ExitCode.OK
    assert text.startswith("m: release 2, superseded after 1 min\n")
    assert "\nerror_rate " in text


def test_one_release_is_a_document_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, text, _ = asked(monkeypatch, capsys, grown(), "--number", "3", "--json")
    assert (code, json.loads(text)["start_reason"]) == (ExitCode.OK, "looks odd")


def test_a_number_that_no_release_has_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = asked(monkeypatch, capsys, grown(), "--number", "9")
    assert found == (ExitCode.REFUSED, "", "serin: m has no release 9\n")
