from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from cli.packaging.onnx_session import OnnxSession, datatype_of, tensor_of
from serin.errors import ModelRejectedInput
from serin.protocol import Datatype
from tests.unit.cli.packaging.sources import graph_of


def test_runs_of_some_rows_give_what_one_run_gives() -> None:
    model = graph_of([helper.make_node("Add", ["x", "x"], ["y"])], ["x"], ["y"], width=2)
    session = OnnxSession(model.SerializeToString())
    rows = np.arange(10, dtype="float32").reshape(5, 2)
    for most in (1, 2, 5, 100):
        assert np.array_equal(session.run({"x": rows}, rows_a_run=most)["y"], 2 * rows)
    assert session.run({"x": rows, "other": rows}, ["y"]).keys() == {"y"}


def test_numbers_are_made_of_the_inputs_type() -> None:
    session = OnnxSession(graph_of([helper.make_node("Identity", ["x"], ["y"])], ["x"], ["y"]).SerializeToString())
    answer = session.run({"x": np.array([[1], [2]])})["y"]
    assert (answer.dtype, answer.tolist()) == (np.float32, [[1], [2]])


def test_texts_go_in_and_come_out() -> None:
    values = [helper.make_tensor_value_info(name, TensorProto.STRING, ["n", 1]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", values[:1], values[1:])
    session = OnnxSession(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10).SerializeToString()
    )
    assert session.run({"x": np.array([["ö"], [""]], dtype=object)})["y"].tolist() == [["ö"], [""]]


def test_a_row_that_the_model_cannot_compute_is_an_error_of_its_own() -> None:
    model = graph_of([helper.make_node("Add", ["x", "z"], ["y"])], ["x", "z"], ["y"], width=2)
    session = OnnxSession(model.SerializeToString())
    with pytest.raises(ModelRejectedInput):
        session.run({"x": np.zeros((2, 2), "float32"), "z": np.zeros((2, 3), "float32")})


@pytest.mark.parametrize(
    ("values", "datatype"),
    [
        (np.array([True]), Datatype.BOOL),
        (np.array([1], "uint8"), Datatype.UINT8),
        (np.array([1], "int32"), Datatype.INT32),
        (np.array([1]), Datatype.INT64),
        (np.array([1], "float16"), Datatype.FP16),
        (np.array([1.0]), Datatype.FP64),
        (np.array(["a"]), Datatype.BYTES),
        (np.array(["a"], dtype=object), Datatype.BYTES),
        (np.array([1j]), None),
        (np.array(["2024-01-01"], dtype="datetime64[D]"), None),
    ],
)
def test_arrays_have_the_protocols_datatypes(values: Any, datatype: Datatype | None) -> None:
    assert datatype_of(values) == datatype
    if datatype is None:
        with pytest.raises(ValueError, match="no tensor holds"):
            tensor_of(values)
    else:
        assert tensor_of(values).datatype == datatype
