"""Generated models, read back by the onnx package."""

from __future__ import annotations

import onnx
from onnx import numpy_helper

from serin.onnx_graph import Constant, Node, encode_model
from serin.protocol import Datatype
from tests.small_models.graphs import tensor


def test_a_model_says_what_it_was_told() -> None:
    written = encode_model(
        [
            Node("Transpose", ["x"], "t", {"perm": [1, 0]}),
            Node("Add", ["t", "c"], "s"),
            Node("Cast", ["s"], "y", {"to": 11}),
        ],
        [tensor("x", Datatype.FP32, -1, 300)],
        [tensor("y", Datatype.FP64, 300, -1)],
        {"c": Constant(Datatype.FP32, (300, 1), bytes(1200))},
    )
    model = onnx.load_model_from_string(written)
    onnx.checker.check_model(model, full_check=True)
    assert [(node.op_type, list(node.input), list(node.output)) for node in model.graph.node] == [
        ("Transpose", ["x"], ["t"]),
        ("Add", ["t", "c"], ["s"]),
        ("Cast", ["s"], ["y"]),
    ]
    assert list(model.graph.node[0].attribute[0].ints) == [1, 0]
    assert model.graph.node[2].attribute[0].i == 11
    assert [axis.dim_value for axis in model.graph.input[0].type.tensor_type.shape.dim] == [0, 300]
    assert numpy_helper.to_array(model.graph.initializer[0]).shape == (300, 1)
    # What the package itself writes of it says the same: nothing was lost, nothing is unknown to it.
    assert onnx.load_model_from_string(model.SerializeToString()) == model
