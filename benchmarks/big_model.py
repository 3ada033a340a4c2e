"""A model of ResNet-18's shape and size with random weights, the same at every run: 11.7 million, 47 MB.

Source of the shape: He et al., Deep Residual Learning for Image Recognition (2015), table 1; batch normalisation is
folded into the convolutions, as it is in a graph made for inference.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from cli.lock import write_lock

NAME: Final = "resnet-18"
INPUT: Final = "image"
SHAPE: Final = (1, 3, 224, 224)
CLASSES: Final = 1000
_SEED: Final = 18
_STAGES: Final = ((64, 1), (128, 2), (256, 2), (512, 2))
"""Channels, and the stride of the first of two blocks."""
_MANIFEST: Final = f"""\
schema: serin/model/v1
name: {NAME}
version: 1.0.0
title: A network of ResNet-18's shape, its weights random
inputs:
  - name: {INPUT}
    datatype: FP32
    shape: [-1, 3, 224, 224]
outputs:
  - name: scores
    datatype: FP32
    shape: [-1, {CLASSES}]
prediction:
  task: tensors
serving:
  timeout_seconds: 29
"""


def write_big_model(models: Path) -> Path:
    """Write its folder below ``models``: manifest, artifact, lock."""
    folder = models / NAME
    folder.mkdir(parents=True)
    (folder / "model.yaml").write_text(_MANIFEST)
    onnx.save(_Graph().model(), folder / "model.onnx")
    write_lock(folder)
    return folder


class _Graph:
    def __init__(self) -> None:
        self._random = np.random.default_rng(_SEED)
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []

    def model(self) -> onnx.ModelProto:
        """The whole network."""
        last = self._node("Relu", self._convolution(INPUT, 3, 64, 7, 2))
        last = self._node("MaxPool", last, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
        channels = 64
        for wider, stride in _STAGES:
            last = self._block(last, channels, wider, stride)
            last = self._block(last, wider, wider, 1)
            channels = wider
        last = self._node("Flatten", self._node("GlobalAveragePool", last))
        weights = self._weight((CLASSES, channels), channels)
        self._node("Gemm", last, weights, self._weight((CLASSES,), channels), output="scores", transB=1)
        inputs = [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["rows", *SHAPE[1:]])]
        outputs = [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["rows", CLASSES])]
        graph = helper.make_graph(self._nodes, NAME, inputs, outputs, self._weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)

    def _block(self, given: str, channels: int, wider: int, stride: int) -> str:
        """Two convolutions and the way around them."""
        last = self._node("Relu", self._convolution(given, channels, wider, 3, stride))
        last = self._convolution(last, wider, wider, 3, 1)
        around = given if channels == wider else self._convolution(given, channels, wider, 1, stride)
        return self._node("Relu", self._node("Add", last, around))

    def _convolution(self, given: str, channels: int, wider: int, size: int, stride: int) -> str:
        inputs = channels * size * size
        weights = self._weight((wider, channels, size, size), inputs)
        bias = self._weight((wider,), inputs)
        return self._node("Conv", given, weights, bias, strides=[stride] * 2, pads=[size // 2] * 4)

    def _weight(self, shape: Sequence[int], inputs: int) -> str:
        """Weights that keep the variance of what they are given to."""
        values = self._random.standard_normal(shape, dtype=np.float32) * np.float32((2 / inputs) ** 0.5)
        name = f"weight-{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(values, name))
        return name

    def _node(self, operator: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        name = output or f"{operator}-{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name
