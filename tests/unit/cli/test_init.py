from __future__ import annotations

import re
from pathlib import Path

import pytest

from cli.main import run
from cli.outcome import ExitCode
from serin.errors import ModelFolderError
from serin.model_folder import load_manifest, load_model_folder
from tests.small_models.catalogue import FLOWER

BLANKS = {
    "title": "Kind of an iris",
    "- name: # key": "- name: x # key",
    "example": "3",
    "- name: # e.g. features": "- name: rows # e.g.",
    "- name: # e.g. probabilities": "- name: scores # e.g.",
    "scores": "scores",
    "labels": '["no", "yes"]',
}


def filled(text: str) -> str:
    for blank, value in BLANKS.items():
        if blank.startswith("-"):
            text = text.replace(blank, value, 1)
        else:
            text = re.sub(rf"^( *{blank}:)(?= #)", rf"\1 {value}", text, count=1, flags=re.MULTILINE)
    return text


def test_a_new_folder_passes_validation_once_its_blanks_are_filled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["init", "churn", "--models", str(tmp_path)]) == ExitCode.OK
    assert "fill the blanks" in capsys.readouterr().out
    file = tmp_path / "churn" / "model.yaml"
    with pytest.raises(ModelFolderError):
        load_manifest(file)
    file.write_text(filled(file.read_text()))
    manifest = load_manifest(file)
    assert (manifest.name, manifest.version, manifest.features[0].name) == ("churn", "0.1.0", "x")


# An example may be left out.
@pytest.mark.parametrize("blank", sorted(BLANKS.keys() - {"example"}))
def test_every_blank_has_to_be_filled(tmp_path: Path, blank: str) -> None:
    run(["init", "churn", "--models", str(tmp_path)])
    file = tmp_path / "churn" / "model.yaml"
    value = BLANKS[blank]
    whole = filled(file.read_text())
    without = whole.replace(value, blank) if blank.startswith("-") else whole.replace(f"{blank}: {value}", f"{blank}:")
    assert without != whole
    file.write_text(without)
    with pytest.raises(ModelFolderError):
        load_manifest(file)


def test_a_folder_that_is_there_is_left_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = FLOWER.write(tmp_path)
    assert run(["init", "flower", "--models", str(tmp_path)]) == ExitCode.REFUSED
    assert capsys.readouterr().err == f"serin: {folder} is there already; choose another name, or edit it\n"
    assert load_model_folder(folder)


@pytest.mark.parametrize("name", ["Churn", "../churn", "churn_rate", "", "a--b", "сhurn"])
def test_what_cannot_be_a_name_makes_no_folder(name: str, tmp_path: Path) -> None:
    assert run(["init", name, "--models", str(tmp_path / "models")]) == ExitCode.USAGE
    assert not (tmp_path / "models").exists()
