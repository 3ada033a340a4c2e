from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.main import run
from cli.outcome import ExitCode
from tests.small_models.catalogue import FLOWER, PAIR
from tests.small_models.faults import put, relock

PATIENT = ["--seconds", "60"]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Two good models."""
    folder = tmp_path / "models"
    FLOWER.write(folder)
    PAIR.write(folder)
    return folder


def test_a_good_model_is_admitted_by_name_and_by_folder(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", "flower", "--models", str(models), *PATIENT]) == ExitCode.OK
    assert capsys.readouterr().out == f"{models}/flower: admitted\n"
    assert run(["verify", str(models / "pair"), *PATIENT]) == ExitCode.OK
    assert capsys.readouterr().out == f"{models}/pair: admitted\n"


def test_every_model_is_verified_and_the_refused_ones_are_named(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (models / "flower" / "weights.bin").touch()
    assert run(["verify", "--all", "--models", str(models), *PATIENT]) == ExitCode.REFUSED
    told = capsys.readouterr()
    assert told.out == f"{models}/pair: admitted\n"
    finding, end = told.err.splitlines()
    assert finding.startswith(f"{models}/flower/weights.bin: unlisted: is not listed; remove it")
    assert end == "serin: refused: flower"


def test_json_holds_every_finding_and_nothing_else_is_printed(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in "ab":
        (models / "flower" / name).touch()
    assert run(["verify", "--all", "--json", "--models", str(models), *PATIENT]) == ExitCode.REFUSED
    flower, pair = json.loads(capsys.readouterr().out)
    assert pair == {"folder": f"{models}/pair", "admitted": True, "findings": []}
    assert not flower["admitted"]
    assert [finding["file"] for finding in flower["findings"]] == [f"{models}/flower/a", f"{models}/flower/b"]
    assert flower["findings"][0].keys() == {"file", "rule", "problem", "remedy"}


def test_a_broken_signature_is_refused_against_an_earlier_version(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    earlier = FLOWER.write(tmp_path / "earlier")
    arguments = ["verify", "flower", "--models", str(models), "--against", str(earlier), *PATIENT]
    assert run(arguments) == ExitCode.OK
    relock(earlier, put("signature.inputs.0.shape", [-1, 3]))
    assert run(arguments) == ExitCode.REFUSED
    assert "signature: inputs of 1.0.0 are not those of 1.0.0; raise the major version" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["flower", "--all"], ["flower", "--seconds", "0"]])
def test_what_is_meant_must_be_clear(arguments: list[str], models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", *arguments, "--models", str(models)]) == ExitCode.USAGE
    assert "verify --help" in capsys.readouterr().err


def test_an_unknown_name_is_refused_with_the_nearest(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", "flowre", "--models", str(models)]) == ExitCode.REFUSED
    assert "did you mean 'flower'?" in capsys.readouterr().err
