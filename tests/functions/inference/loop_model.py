"""A model whose client says how long it runs: it counts to the largest number of its input."""

from __future__ import annotations

from pathlib import Path

import onnx
from onnx import TensorProto, helper

from cli.lock import write_lock

MANIFEST = """\
schema: serin/model/v1
name: count
version: 1.0.0
inputs:
  - name: steps
    datatype: INT64
    shape: [-1]
outputs:
  - name: counted
    datatype: INT64
    shape: []
prediction:
  task: tensors
serving:
  timeout_seconds: {timeout_s}
"""


def write_loop_model(models: Path, *, timeout_s: int) -> Path:
    """Write the folder of the model ``count``."""
    folder = models / "count"
    folder.mkdir(parents=True)
    (folder / "model.yaml").write_text(MANIFEST.format(timeout_s=timeout_s))
    (folder / "model.onnx").write_bytes(_graph().SerializeToString())
    write_lock(folder)
    return folder


def _graph() -> onnx.ModelProto:
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMax", ["steps"], ["trips"], keepdims=0),
            helper.make_node("Loop", ["trips", "", "zero"], ["counted"], body=_body()),
        ],
        "count",
        [helper.make_tensor_value_info("steps", TensorProto.INT64, [None])],
        [helper.make_tensor_value_info("counted", TensorProto.INT64, [])],
        initializer=[helper.make_tensor("zero", TensorProto.INT64, [], [0])],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def _body() -> onnx.GraphProto:
    return helper.make_graph(
        [
            helper.make_node("Identity", ["go_on"], ["still"]),
            helper.make_node("Add", ["so_far", "one"], ["next"]),
        ],
        "step",
        [
            helper.make_tensor_value_info("step", TensorProto.INT64, []),
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("so_far", TensorProto.INT64, []),
        ],
        [
            helper.make_tensor_value_info("still", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next", TensorProto.INT64, []),
        ],
        initializer=[helper.make_tensor("one", TensorProto.INT64, [], [1])],
    )
