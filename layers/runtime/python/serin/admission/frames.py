"""Short-time Fourier transforms whose frames could have no length: ONNX Runtime divides by it without a look."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from serin.admission.graph import STANDARD, Graph, Model, Node, Tensor
from serin.admission.values import elements_of

_WINDOW: Final = 2
_LENGTH: Final = 3


def empty_frames(model: Model) -> Iterator[str]:
    """Transforms of which neither the frame length nor the window is a constant that is not empty."""
    for graph in model.graphs():
        transforms = [node for node in graph.nodes if node.operator == f"{STANDARD}.STFT"]
        if transforms:
            constants = _constants(model.graph) | _constants(graph)
            for node in transforms:
                if not _has_length(node, constants) and not _has_window(node, constants):
                    yield "an STFT takes frames of a length that is no constant above 0"


def _constants(graph: Graph) -> dict[str, Tensor]:
    found = {tensor.name: tensor for tensor in graph.constants}
    for node in graph.nodes:
        value = node.attributes.get("value")
        is_constant = node.operator == f"{STANDARD}.Constant" and value is not None and value.tensors
        for name in node.outputs:
            if is_constant and value is not None:
                found[name] = value.tensors[0]
            else:
                found.pop(name, None)
    return found


def _input(node: Node, place: int, constants: dict[str, Tensor]) -> Tensor | None:
    return constants.get(node.inputs[place]) if place < len(node.inputs) else None


def _has_length(node: Node, constants: dict[str, Tensor]) -> bool:
    tensor = _input(node, _LENGTH, constants)
    elements = None if tensor is None else elements_of(tensor)
    return bool(elements) and min(elements or (0,)) > 0


def _has_window(node: Node, constants: dict[str, Tensor]) -> bool:
    tensor = _input(node, _WINDOW, constants)
    return tensor is not None and math.prod(tensor.dims) > 0
