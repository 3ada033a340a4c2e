from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.main import run
from cli.models import folder_of
from cli.outcome import CommandError, ExitCode
from tests.small_models.multiply import write_multiply


def test_models_are_listed_by_name(small_models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_multiply(small_models, "add", "2.1.0", factor=3)
    assert run(["models", "--models", str(small_models)]) == ExitCode.OK
    assert capsys.readouterr().out == "add       2.1.0  Multiplies by 3\nmultiply  1.0.0  Multiplies by 2\n"


def test_a_script_reads_them_as_json(small_models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "--json", "--models", str(small_models)]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out) == [{"name": "multiply", "version": "1.0.0", "title": "Multiplies by 2"}]


def test_broken_folders_are_named_and_the_good_ones_still_listed(
    small_models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b"):
        folder = write_multiply(small_models, name)
        (folder / "model.yaml").write_text("schema: serin/model/v9\n")
    assert run(["models", "--models", str(small_models)]) == ExitCode.REFUSED
    said = capsys.readouterr()
    assert said.out == "multiply  1.0.0  Multiplies by 2\n"
    lines = said.err.splitlines()
    assert [
        f"serin: {small_models / name / 'model.yaml'}: schema: " in line for name, line in zip("ab", lines, strict=True)
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [("multipl", "did you mean 'multiply'?"), ("zzz", "it has multiply"), ("../models/multiply", "did you mean")],
)
def test_a_name_that_is_not_there_is_answered_with_those_that_are(small_models: Path, name: str, said: str) -> None:
    with pytest.raises(CommandError, match="has no model") as refused:
        folder_of(small_models, name)
    assert refused.value.code is ExitCode.REFUSED
    assert said in refused.value.message
