from __future__ import annotations

from pathlib import Path

import pytest
from onnx import helper

from cli.packaging import first_opening
from cli.packaging.first_opening import open_first
from serin.errors import ModelFolderError
from serin.protocol import Datatype
from tests.integration.admission.hostile import chain, model_of
from tests.unit.cli.packaging.sources import graph_of


def test_what_a_model_takes_and_gives_is_read_in_a_process_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(graph_of([helper.make_node("Identity", ["x"], ["y"])], ["x"], ["y"], width=3).SerializeToString())
    signature = open_first(file)
    assert [(tensor.name, tensor.datatype, tensor.shape) for tensor in signature.inputs] == [
        ("x", Datatype.FP32, (-1, 3))
    ]
    assert [tensor.name for tensor in signature.outputs] == ["y"]


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"no model")
    with pytest.raises(ModelFolderError, match=r"model\.onnx: .*cannot open it"):
        open_first(tmp_path / "model.onnx")


def test_a_model_that_ends_its_process_ends_no_other(tmp_path: Path) -> None:
    (tmp_path / "deep.onnx").write_bytes(model_of([chain(60_000)]))
    with pytest.raises(ModelFolderError, match=r"deep\.onnx: opening it ended the process with "):
        open_first(tmp_path / "deep.onnx")


def test_a_model_that_needs_more_memory_than_there_may_be_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_opening, "_MEMORY", 2**20)
    (tmp_path / "model.onnx").write_bytes(model_of([helper.make_node("Identity", ["x"], ["y"])]))
    with pytest.raises(ModelFolderError, match=r"model\.onnx"):
        open_first(tmp_path / "model.onnx")
