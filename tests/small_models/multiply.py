"""A model folder that can be written again in another version: one feature, multiplied by a factor."""

from __future__ import annotations

from pathlib import Path

from onnx import TensorProto, helper

from cli.lock import write_lock
from serin.protocol import Datatype
from tests.small_models.graphs import graph, serialized, tensor

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


def write_multiply(models: Path, name: str = "multiply", version: str = "1.0.0", factor: float = 2) -> Path:
    """Write, or write anew, the folder of a model that answers ``x * factor``; text by hand, lock by the tool."""
    folder = models / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.yaml").write_text(MANIFEST.format(name=name, version=version, factor=factor))
    (folder / "model.onnx").write_bytes(_artifact(factor))
    write_lock(folder)
    return folder


def _artifact(factor: float) -> bytes:
    rows, product = tensor("rows", Datatype.FP32, -1, 1), tensor("product", Datatype.FP32, -1, 1)
    node = helper.make_node("Mul", ["rows", "factor"], ["product"])
    return serialized(graph([node], [rows], [product], [helper.make_tensor("factor", TensorProto.FLOAT, [], [factor])]))
