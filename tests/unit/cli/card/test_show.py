from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.card.facts import read_card
from cli.card.text import card_lines
from cli.main import run
from cli.outcome import ExitCode
from serin.openapi import curl_line
from tests.small_models.catalogue import FLOWER, IDENTITIES, PAIR, SHOP
from tests.small_models.folder import SmallModel
from tests.unit.cli.card.models import SCRIPT, hostile, write_packaged


def test_a_card_is_printed_for_a_name_and_for_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_packaged(tmp_path)
    assert run(["show", "flower", "--models", str(tmp_path)]) == ExitCode.OK
    card = capsys.readouterr().out
    assert card.startswith("flower 1.0.0: Rose or tulip\n")
    assert "\n  petal length  float  cm    0 to 10  refused          1 █▄▂ 5\n" in card
    for title in ("2 features", "Prediction", "Metrics", "Parity", "Golden cases", "Lineage", "Serving", "Files"):
        assert f"\n\n{title}\n  " in card
    assert run(["show", str(folder)]) == ExitCode.OK
    assert capsys.readouterr().out == card


@pytest.mark.parametrize("model", [PAIR, SHOP, *IDENTITIES], ids=lambda model: model.name)
def test_every_model_has_a_card(model: SmallModel, tmp_path: Path) -> None:
    lines = card_lines(read_card(model.write(tmp_path)))
    assert lines[0] == f"{model.name} 1.0.0"
    assert lines[-1] == f"  {curl_line('http://127.0.0.1:3000', model.manifest())}"


def test_no_word_of_a_model_steers_the_terminal(tmp_path: Path) -> None:
    lines = card_lines(read_card(hostile().write(tmp_path)))
    assert all(line.isprintable() for line in lines)
    assert any(SCRIPT in line for line in lines)


def test_json_has_every_fact_with_its_defaults(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_packaged(tmp_path)
    assert run(["show", "flower", "--models", str(tmp_path), "--json"]) == ExitCode.OK
    card = json.loads(capsys.readouterr().out)
    assert card["prediction"]["task"] == "classification"
    assert card["inputs"][0]["bins"] == {"kind": "numeric", "edges": [1.0, 5.0], "counts": [1, 2, 1], "missing": 0}
    assert card["inputs"][1]["missing"] == {"fill": 4.0}
    assert card["serving"]["memory_mb"] == 1024
    assert card["parity"]["rows"] == 10_000
    assert card["golden"]["labels"] == {"rose": 1, "tulip": 0}


def test_the_page_is_written_and_replaces_an_old_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    FLOWER.write(tmp_path / "models")
    file = tmp_path / "card.html"
    file.write_text("old")
    assert run(["show", "flower", "--models", str(tmp_path / "models"), "--html", str(file)]) == ExitCode.OK
    assert capsys.readouterr().out == f"{file} is written\n"
    assert file.read_text().startswith("<!doctype html>")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["card.html", "models"]


@pytest.mark.parametrize("place", ["missing/card.html", "models", "models/flower/model.yaml/card.html", "..", "/"])
def test_a_page_that_cannot_be_written_is_one_line(
    place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    FLOWER.write(tmp_path / "models")
    before = sorted(tmp_path.rglob("*"))
    code = run(["show", "flower", "--models", str(tmp_path / "models"), "--html", str(tmp_path / place)])
    said = capsys.readouterr()
    assert (code, said.out) == (ExitCode.USAGE, "")
    assert said.err.startswith(f"serin: --html: {tmp_path / place}: cannot be written (")
    assert said.err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_that_is_not_in_order_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = FLOWER.write(tmp_path)
    (folder / "model.lock.json").unlink()
    assert run(["show", str(folder)]) == ExitCode.REFUSED
    assert capsys.readouterr().err == f"serin: {folder}/model.lock.json: is missing; write it with `serin lock`\n"
