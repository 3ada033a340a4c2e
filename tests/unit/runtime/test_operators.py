"""Operators that are found in a model's bytes."""

from __future__ import annotations

from pathlib import Path

import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper

from serin.operators import DIVISIONS, DRAWS, names_any

PLAIN = ("Add", "Relu", "Abs")


def artifact(operator: str) -> bytes:
    """A model of one node, which need not make sense."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node(operator, ["x"], ["y"])], "graph", [x], [y])
    data: bytes = helper.make_model(graph).SerializeToString()
    return data


@pytest.mark.parametrize("operator", [name.decode() for name in (*DIVISIONS, *DRAWS)])
def test_every_operator_of_the_lists_is_found(operator: str) -> None:
    known = DIVISIONS if operator.encode() in DIVISIONS else DRAWS
    assert names_any(artifact(operator), known)


@pytest.mark.parametrize("operator", PLAIN)
def test_other_operators_are_not(operator: str) -> None:
    assert not names_any(artifact(operator), DIVISIONS + DRAWS)


def test_an_operator_whose_name_begins_like_one_is_not_taken_for_it() -> None:
    assert not names_any(artifact("Divide"), DIVISIONS)


def test_operators_are_found_in_onnx_runtimes_own_format(tmp_path: Path) -> None:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [2])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [2])
    graph = helper.make_graph([helper.make_node("RandomUniformLike", ["x"], ["y"])], "graph", [x], [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.checker.check_model(model)
    options = ort.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "model.ort")
    options.add_session_config_entry("session.save_model_format", "ORT")
    ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    data = (tmp_path / "model.ort").read_bytes()
    assert names_any(data, DRAWS)
    assert not names_any(data, DIVISIONS)
