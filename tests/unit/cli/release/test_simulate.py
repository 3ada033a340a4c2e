from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from cli.main import run
from cli.outcome import ExitCode

SIMULATE = ["release", "simulate", "--traffic", "10/s", "--releases", "5"]


def test_a_table_compares_the_judge_with_fixed_schedules(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*SIMULATE, "--shift", "30%", "--steps", "10,50"]) == ExitCode.OK
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("5 releases each; errors 0.001 -> 0.001")
    assert lines[3].split()[:6] == ["judged", "10", "%,", "50", "%", "0%"]
    assert [line.split()[0] for line in lines[4:7]] == ["canary", "linear", "linear"]


def test_a_script_reads_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*SIMULATE, "--new-error-rate", "5%", "--json"]) == ExitCode.OK
    document = json.loads(capsys.readouterr().out)
    assert (document["requests_per_minute"], document["releases"]) == (600, 5)
    assert document["schedules"][0]["rolled_back"] == 1


def test_a_manifest_says_the_steps_and_options_change_them(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = ["--model", "diabetes", "--models", str(repository / "models")]
    code = run([*SIMULATE, *models, "--max-duration", "20", "--bake", "2", "--json"])
    printed = capsys.readouterr()
    assert json.loads(printed.out)["horizon_minutes"] == 20
    assert (code, printed.err) == (
        ExitCode.NOT_ENOUGH_DATA,
        "serin: none of 5 releases came to a verdict within 20 min; try larger --steps, or a longer --max-duration\n",
    )


@pytest.mark.parametrize("new", [["--new-error-rate", "5%"], []])
def test_a_picture_is_drawn(tmp_path: Path, new: list[str]) -> None:
    file = tmp_path / "simulated.svg"
    assert run([*SIMULATE, *new, "--plot", str(file)]) == ExitCode.OK
    assert ET.parse(file).getroot().tag.endswith("svg")  # noqa: S314
    assert [one.name for one in tmp_path.iterdir()] == ["simulated.svg"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["release", "simulate"], "give --traffic, like 10/h, or --all-scenarios: one of them"),
        ([*SIMULATE, "--all-scenarios"], "give --traffic, like 10/h, or --all-scenarios: one of them"),
        ([*SIMULATE, "--shift", "95%"], "--shift: expected a share up to 0.9"),
        ([*SIMULATE, "--bake", "30", "--max-duration", "20"], "a step bakes for 30 minutes, and a release has 20"),
    ],
)
def test_what_cannot_be_simulated_is_refused_in_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == ExitCode.USAGE
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message in printed.err
    assert printed.err.count("\n") == 1


def test_a_picture_that_cannot_be_written_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*SIMULATE, "--plot", str(tmp_path / "none" / "x.svg")]) == ExitCode.REFUSED
    assert "cannot be written" in capsys.readouterr().err


def test_a_model_that_is_not_there_is_refused(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*SIMULATE, "--model", "none", "--models", str(repository / "models")]) == ExitCode.REFUSED
    assert "no model 'none'" in capsys.readouterr().err
