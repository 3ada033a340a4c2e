"""The smallest real model folder: one feature, multiplied by a factor."""

from __future__ import annotations

from pathlib import Path

import onnx
from onnx import TensorProto, helper

from cli.lock import write_lock

MANIFEST = """\
schema: serin/model/v1
name: {name}
version: {version}
title: Multiplies by {factor:g}
features:
  - name: x
    type: float
    range: [-1000, 1000]
    example: 3
inputs:
  - name: rows
    datatype: FP32
    shape: [-1, 1]
outputs:
  - name: product
    datatype: FP32
    shape: [-1, 1]
prediction:
  task: regression
  value: product
serving:
  timeout_seconds: 5
"""


def write_small_model(models: Path, name: str = "multiply", version: str = "1.0.0", factor: float = 2) -> Path:
    """Write, or write anew, the folder of a model that answers ``x * factor``."""
    folder = models / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.yaml").write_text(MANIFEST.format(name=name, version=version, factor=factor))
    (folder / "model.onnx").write_bytes(_graph(factor).SerializeToString())
    write_lock(folder)
    return folder


def _graph(factor: float) -> onnx.ModelProto:
    graph = helper.make_graph(
        [helper.make_node("Mul", ["rows", "factor"], ["product"])],
        "multiply",
        [helper.make_tensor_value_info("rows", TensorProto.FLOAT, [None, 1])],
        [helper.make_tensor_value_info("product", TensorProto.FLOAT, [None, 1])],
        initializer=[helper.make_tensor("factor", TensorProto.FLOAT, [], [factor])],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
