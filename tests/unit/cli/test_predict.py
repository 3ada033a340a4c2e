from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.main import run
from cli.outcome import ExitCode
from cli.predict import describe


def ask(models: Path, document: str, *options: str) -> int:
    file = models.parent / "row.json"
    file.write_text(document)
    return run(["predict", "multiply", "--input", str(file), "--models", str(models), *options])


@pytest.mark.parametrize(
    ("document", "lines"),
    [
        ('{"x": 3}', ["6.0"]),
        ('[{"x": 3}, {"x": -0.5}]', ["6.0", "-1.0"]),
        ('{"instances": [{"x": 4}]}', ["8.0"]),
    ],
)
def test_each_row_is_answered_in_a_line(
    small_models: Path, document: str, lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(small_models, document) == ExitCode.OK
    assert capsys.readouterr().out.splitlines() == lines


def test_a_script_reads_the_answer_as_the_endpoint_gives_it(
    small_models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(small_models, '{"x": 3}', "--json") == ExitCode.OK
    answer = json.loads(capsys.readouterr().out)
    assert answer["predictions"] == [{"value": 6.0}]
    assert (answer["model"], answer["version"], len(answer["prediction_ids"])) == ("multiply", "1.0.0", 1)


def test_what_the_model_refuses_is_one_line_and_no_log(small_models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(small_models, '{"x": 1001}') == ExitCode.REFUSED
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "[422 invalid_input]" in said.err
    assert "1001" not in said.err


@pytest.mark.parametrize(
    ("prediction", "line"),
    [
        (
            {"label": "benign", "probability": 0.98765, "probabilities": {"benign": 0.98765, "malignant": 0.01235}},
            "benign  0.9877",
        ),
        ({"label": "benign", "probability": 1, "probabilities": {}}, "benign  1.0000"),
        ({"value": 152.5}, "152.5"),
        ({"embedding": [1.0, 2.0]}, '{"embedding": [1.0, 2.0]}'),
    ],
)
def test_every_kind_of_prediction_fits_a_line(prediction: dict[str, object], line: str) -> None:
    assert describe(prediction) == line
