"""`serin doctor` as people call it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cli.doctor.checks import GROUPS
from cli.main import run
from cli.outcome import ExitCode
from tests.aws_replies import identity, parameter, stacks, with_aws_at, without_aws
from tests.peer import answering
from tests.sample_models import NAMES
from tests.small_models.catalogue import FLOWER
from tests.small_models.faults import put, rewrite
from tests.unit.cli.doctor.models import hungry, served, shouting, wide, written
from tests.unit.cli.doctor.test_account import settings

EVERY = [check.name for group in GROUPS.values() for check in group]
MACHINE = [check.name for check in GROUPS["This machine"]]
STAGE = [check.name for check in GROUPS["The stage"]]


def examined(capsys: pytest.CaptureFixture[str], code: ExitCode, *arguments: str) -> dict[str, Any]:
    """What the command prints as JSON."""
    found = run(["doctor", *arguments, "--json"])
    said = capsys.readouterr()
    assert found == code, said.err
    document: dict[str, Any] = json.loads(said.out)
    return document


def of_models(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [finding for finding in document["findings"] if finding["check"] not in MACHINE]


def checks(findings: list[dict[str, Any]]) -> list[str]:
    return [finding["check"] for finding in findings]


def test_nothing_is_wrong_with_the_sample_models(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = examined(capsys, ExitCode.OK, "--all", "--models", str(repository / "models"))
    assert of_models(found) == []
    assert [measured["model"] for measured in found["measured"]] == list(NAMES)
    assert {unchecked["subject"] for unchecked in found["not_checked"]} <= {"stage", "this machine"}


def test_people_get_a_block_a_finding_and_a_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = served(tmp_path / "models", architecture="arm64").path
    assert run(["doctor", str(folder), "--models", str(tmp_path / "models")]) == ExitCode.OK
    said = capsys.readouterr()
    assert said.err == ""
    lines = said.out.splitlines()
    start = lines.index("warning: arm64 (flower)")
    assert [line[:8] for line in lines[start + 1 : start + 5]] == ["  what  ", "  why   ", "  fix   ", ""]
    assert any(line.startswith("flower: starts in ") for line in lines)
    assert any(line.startswith("not checked (stage): ") and "no stage is named" in line for line in lines)
    assert lines[-1].startswith("no errors, ")


def test_warnings_fail_only_where_that_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(served(tmp_path / "models", architecture="arm64").path)
    assert run(["doctor", folder, "--models", str(tmp_path / "models"), "--strict"]) == ExitCode.REFUSED
    said = capsys.readouterr().err
    assert said.startswith("serin: no errors, ")
    assert said.count("\n") == 1


def test_an_error_is_told_on_one_line_at_the_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models = tmp_path / "models"
    served(models, provisioned_concurrency={"min": 1, "max": 2})
    found = examined(capsys, ExitCode.REFUSED, "flower", "--models", str(models))
    assert checks(of_models(found)) == ["weighted-alias"]
    [finding] = of_models(found)
    assert finding.keys() == {"check", "severity", "subject", "what", "why", "fix"}
    assert (finding["severity"], finding["subject"]) == ("error", "flower")


def test_snap_start_beside_provisioned_concurrency_is_refused_by_admission(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = tmp_path / "models"
    folder = served(models).path
    rewrite(folder, put("serving", {"snap_start": True, "provisioned_concurrency": {"min": 1, "max": 1}}))
    found = examined(capsys, ExitCode.REFUSED, "flower", "--models", str(models))
    [finding] = of_models(found)
    assert finding["check"] == "admission"
    assert "excludes snap_start" in finding["what"]
    assert finding["fix"] == "choose one"
    not_checked = {unchecked["check"] for unchecked in found["not_checked"]}
    assert not_checked >= {check.name for check in GROUPS["The model in action"]}


def test_a_model_that_is_not_safe_to_open_is_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models = tmp_path / "models"
    folder = served(models).path
    (folder / "weights.bin").touch()
    found = examined(capsys, ExitCode.REFUSED, "flower", "--models", str(models))
    assert checks(of_models(found)) == ["admission"]
    assert found["measured"] == []
    why = {unchecked["why"] for unchecked in found["not_checked"] if unchecked["subject"] == "flower"}
    assert why == {"the model is not safe to open; see admission"}


def test_a_locale_that_images_lack_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models = tmp_path / "models"
    written(shouting(), models)
    found = examined(capsys, ExitCode.REFUSED, "shouting", "--models", str(models))
    [finding] = [finding for finding in found["findings"] if finding["check"] == "admission"]
    assert finding["fix"] == "set the attribute `locale` to `C.UTF-8`"
    assert finding["why"] == "images have no other locale, so the model opens here and fails there"


def test_a_model_that_is_too_large_for_its_memory_is_told_how_much_it_needs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = tmp_path / "models"
    written(hungry(50_000_000), models, memory_mb=128)
    found = examined(capsys, ExitCode.REFUSED, "hungry", "--models", str(models))
    assert {"admission", "memory"} <= set(checks(of_models(found)))
    [memory] = [finding for finding in found["findings"] if finding["check"] == "memory"]
    assert memory["what"].endswith("serving.memory_mb is 128")
    assert memory["fix"].startswith("set `serving.memory_mb: 3")


def test_a_row_that_goes_by_no_way_is_told_and_not_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models = tmp_path / "models"
    written(wide(1_200_000), models)
    found = examined(capsys, ExitCode.REFUSED, "wide", "--models", str(models))
    assert {"request-row", "answer-row"} <= set(checks(of_models(found)))
    assert found["measured"] == []


def test_every_check_is_found_passed_or_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models = tmp_path / "models"
    fields = {**FLOWER.fields, "release": {"steps": [100]}}
    folder = written(replace(FLOWER, fields=fields), models).path
    (folder / "model.lock.json").unlink()
    found = examined(capsys, ExitCode.REFUSED, "flower", "--models", str(models))
    told = {*checks(found["findings"]), *(unchecked["check"] for unchecked in found["not_checked"])}
    assert told >= set(EVERY) - set(MACHINE)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope"], "has no model 'nope'"),
        ([], "name one model, or give --all; see `serin doctor --help`"),
        (["flower", "--all"], "name one model, or give --all"),
        (["flower", "--stage", "test"], "--stage: stage 'test' does not exist; choose one of dev, prod"),
        (["--all", "--models", "/nonexistent"], "/nonexistent: no such folder"),
    ],
)
def test_what_cannot_be_looked_at_has_a_code_of_its_own(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    served(tmp_path / "models")
    given = arguments if "--models" in arguments else [*arguments, "--models", str(tmp_path / "models")]
    assert run(["doctor", *given]) == ExitCode.USAGE
    told = capsys.readouterr()
    assert told.out == ""
    assert said in told.err
    assert told.err.count("\n") == 1


# --- With a stage ---------------------------------------------------------------------------------------------


def test_what_a_machine_lacks_for_a_deploy_is_an_error_where_one_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    without_aws(monkeypatch)
    monkeypatch.setenv("CDK_DOCKER", "no-such-program")
    models = tmp_path / "models"
    served(models)
    alone = examined(capsys, ExitCode.OK, "flower", "--models", str(models))
    [engine] = [finding for finding in alone["findings"] if finding["check"] == "container-engine"]
    assert engine["severity"] == "warning"
    deploying = examined(capsys, ExitCode.REFUSED, "flower", "--models", str(models), "--stage", "dev")
    [engine] = [finding for finding in deploying["findings"] if finding["check"] == "container-engine"]
    assert engine["severity"] == "error"
    assert "credentials" in checks(deploying["findings"])
    told = {unchecked["check"] for unchecked in deploying["not_checked"]}
    assert told >= set(STAGE) - {"credentials", "snap-start-base"}


def test_a_stage_is_judged_with_all_models_of_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    models = tmp_path / "models"
    served(models, reserved_concurrency=500)
    written(replace(FLOWER, name="tree"), models, reserved_concurrency=500)
    replies = (identity("123456789012"), parameter("21"), stacks({}, "Serin-dev-Model-tree"), settings(1000))
    with answering(*replies) as peer:
        with_aws_at(peer, monkeypatch)
        found = examined(capsys, ExitCode.REFUSED, "flower", "--models", str(models), "--stage", "dev")
        asked = len(peer.asked)
    assert checks(of_models(found)) == ["concurrency"]
    assert "the models reserve 1000 instances" in of_models(found)[0]["what"]
    assert asked == 4
