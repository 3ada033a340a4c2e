from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

from cli.main import run
from cli.outcome import ExitCode
from serin.admission import verify
from serin.engine import EngineOptions
from serin.model_folder import load_model_folder
from serin.service import load_model


@pytest.fixture
def models(tmp_path: Path, repository: Path) -> Path:
    """Two of the sample models: a network, and trees."""
    for name in ("digits", "breast-cancer"):
        shutil.copytree(repository / "models" / name, tmp_path / "models" / name)
    return tmp_path / "models"


def content(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def reported(models: Path, capsys: pytest.CaptureFixture[str], *options: str, name: str = "digits") -> dict[str, Any]:
    code = run(["optimize", name, "--models", str(models), "--json", *options])
    told = capsys.readouterr()
    assert code == ExitCode.OK, told.err
    report: dict[str, Any] = json.loads(told.out)
    return report


def by_name(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {variant["name"]: variant for variant in report["variants"]}


def images(file: Path) -> Path:
    """The digits as the sample model takes them."""
    data = load_digits()
    np.savez(file, image=data.images[:300].astype(np.float32), digit=data.target[:300])
    return file


def test_variants_are_measured_and_judged_and_nothing_is_written(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = content(models / "digits")
    assert run(["optimize", "digits", "--models", str(models), "--quantize", "int8,fp16"]) == ExitCode.OK
    told = capsys.readouterr().out
    assert [line.split()[0] for line in told.splitlines() if line.startswith(("present", "graph", "int8", "fp16"))] == [
        "present",
        "graph",
        "int8",
        "fp16",
    ]
    assert told.endswith("Nothing is written; --choose NAME or --auto names the winner.\n")
    assert content(models / "digits") == before


def test_a_variant_that_is_chosen_takes_the_models_place_with_its_tolerance(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = load_model_folder(models / "digits")
    report = reported(models, capsys, "--quantize", "fp16", "--choose", "fp16")
    after = load_model_folder(models / "digits")
    assert report["winner"] == "fp16"
    assert after.lock.artifact != before.lock.artifact
    assert after.lock.golden is not None
    assert before.lock.golden is not None
    assert after.lock.golden.file == before.lock.golden.file
    assert after.manifest.version == "1.1.0"
    assert after.manifest.outputs[0].tolerance.absolute > before.manifest.outputs[0].tolerance.absolute
    assert "# " in (models / "digits" / "model.yaml").read_text(), "what a person wrote stays"
    assert verify(models / "digits", seconds=60) == []


def test_a_variant_whose_answers_vary_with_the_batch_is_marked_and_served_row_by_row(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = reported(models, capsys, "--quantize", "int8", "--choose", "int8")
    assert by_name(report)["int8"]["batch"] == "varies"
    assert by_name(report)["present"]["batch"] == "exact"
    assert load_model_folder(models / "digits").manifest.serving.max_batch_rows == 1


def test_auto_never_takes_one_that_varies_while_the_model_takes_batches(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reported(models, capsys, "--quantize", "int8", "--auto")["winner"] != "int8"


def test_trees_have_nothing_to_quantise_and_choosing_it_is_refused(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = content(models / "breast-cancer")
    arguments = ["optimize", "breast-cancer", "--models", str(models), "--quantize", "int8", "--choose", "int8"]
    assert run(arguments) == ExitCode.REFUSED
    told = capsys.readouterr()
    assert told.err == (
        "serin: --choose int8: no product of matrices in it; trees and the like stay as they are; nothing is written\n"
    )
    assert content(models / "breast-cancer") == before


def test_a_model_in_onnx_runtimes_own_format_is_served_from_it(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reported(models, capsys, "--format", "ort", "--choose", "graph")
    folder = load_model_folder(models / "digits")
    assert (folder.manifest.artifact.file, folder.manifest.artifact.format) == ("model.ort", "ort")
    assert load_model(models / "digits", EngineOptions()).name == "digits"
    assert not (models / "digits" / "model.onnx").exists()


def test_labelled_rows_hold_a_variant_to_the_metric(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = images(tmp_path / "digits.npz")
    options = ("--quantize", "int8-static", "--data", str(data), "--target", "digit", "--max-metric-drop", "0.05")
    report = reported(models, capsys, *options)
    assert report["metric"] == "accuracy"
    assert report["rows"] == 300
    present, static = (by_name(report)[name] for name in ("present", "int8-static"))
    assert present["metric"] > 0.9
    assert abs(static["metric"] - present["metric"]) <= 0.05


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--quantize", "int4"], "--quantize: expected int8, int8-static, fp16, not 'int4'"),
        (["--quantize", "int8-static"], "--quantize int8-static is calibrated on rows; give --data FILE"),
        (["--max-metric-drop", "0.1"], "--max-metric-drop needs labels; give --data FILE and --target COLUMN"),
        (["--target", "digit"], "--target names a column of --data; give --data FILE"),
        (["--auto", "--choose", "int8"], "--auto and --choose both name the winner; give one of them"),
        (["--choose", "int8"], "--choose: 'int8' is not made here, only present, graph; add it with --quantize"),
        (["--format", "tflite"], "--format: expected onnx or ort, not 'tflite'"),
        (["--version", "1"], "--version: '1' is no semantic version, such as 1.2.0"),
        (["--version", "0.9.0"], "--version 0.9.0 does not come after 1.0.0, the model's version"),
        (["--tolerance", "p=x"], "--tolerance: expected OUTPUT=ABSOLUTE"),
        (["--tolerance", "p=1"], "--tolerance: the model has no output 'p'; it has probabilities"),
    ],
)
def test_options_that_do_not_go_are_one_line(
    options: list[str], expected: str, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["optimize", "digits", "--models", str(models), *options]) == ExitCode.USAGE
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"serin: {expected}")


def test_without_what_it_needs_it_says_what_to_install(
    models: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.optimize.optimize.find_spec", lambda name: None if name == "onnx" else name)
    assert run(["optimize", "digits", "--models", str(models)]) == ExitCode.REFUSED
    assert capsys.readouterr().err == "serin: onnx is not installed; `.venv/bin/pip install -e '.[package]'`\n"
