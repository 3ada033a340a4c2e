from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from serin.admission.operator_list import OPERATORS


def test_the_list_is_what_the_installed_onnx_runtime_runs(repository: Path) -> None:
    done = subprocess.run(
        [sys.executable, ".ci/operators.py", "check"], cwd=repository, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_operators_of_the_standard_and_those_of_optimised_graphs_are_on_it() -> None:
    assert OPERATORS.keys() >= {
        "ai.onnx.Add",
        "ai.onnx.Constant",
        "ai.onnx.ml.TreeEnsemble",
        "com.microsoft.FusedConv",
        "com.microsoft.nchwc.Conv",
    }


def test_operators_that_train_decode_pictures_or_run_other_code_are_not() -> None:
    for name in (
        "ai.onnx.ImageDecoder",
        "ai.onnx.preview.training.Adam",
        "com.microsoft.EPContext",
        "com.microsoft.Tokenizer",
    ):
        assert name not in OPERATORS


def test_what_an_output_holds_is_told_by_type() -> None:
    assert OPERATORS["ai.onnx.Add"] == "0"
    assert OPERATORS["ai.onnx.Shape"] == "i"
    assert OPERATORS["ai.onnx.TopK"] == "0,i"
    assert OPERATORS["ai.onnx.Cast"] == "?"
    assert OPERATORS["ai.onnx.ml.Scaler"] == "-"
