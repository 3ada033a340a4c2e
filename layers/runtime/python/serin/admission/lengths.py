"""Operators that end the process when they are given nothing: frames of no length, and empty sequences."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from serin.admission.graph import STANDARD, Graph, Model, Node, Tensor
from serin.admission.values import elements_of

_WINDOW: Final = 2
_LENGTH: Final = 3
"""Inputs of STFT."""
_AXES: Final = 3
"""Input of Slice."""

_GRU: Final = f"{STANDARD}.GRU"
_LSTM: Final = f"{STANDARD}.LSTM"
_SLICE: Final = f"{STANDARD}.Slice"
_PICKING: Final = frozenset(
    f"{STANDARD}.{name}" for name in ("Compress", "NonZero", "NonMaxSuppression", "StringSplit")
)
"""Whose outputs are as long as the values say."""


def empty_frames(model: Model) -> Iterator[str]:
    """Transforms of which neither the frame length nor the window is a constant that is not empty."""
    outer: dict[str, Tensor] | None = None
    for graph in model.graphs():
        transforms = [node for node in graph.nodes if node.operator == f"{STANDARD}.STFT"]
        if not transforms:
            continue
        outer = _constants(model.graph) if outer is None else outer
        inner = _constants(graph)
        for node in transforms:
            length, window = (_input(node, place, inner) or _input(node, place, outer) for place in (_LENGTH, _WINDOW))
            if not _is_above_0(length) and not _is_filled(window):
                yield "an STFT takes frames of a length that is no constant above 0"


def empty_sequences(model: Model) -> Iterator[str]:
    """Recurrent nodes whose sequences the graph itself shortens, perhaps to nothing.

    A GRU dies of an empty sequence and of an empty batch, an LSTM of an empty batch. Requests with an axis of length 0
    are refused as they come in.
    """
    for graph in model.graphs():
        recurrent = [node for node in graph.nodes if node.operator in (_GRU, _LSTM) and node.inputs]
        if not recurrent:
            continue
        constants = _constants(graph)
        picked = _reached(graph, [node for node in graph.nodes if node.operator in _PICKING])
        cut = _reached(graph, [n for n in graph.nodes if n.operator == _SLICE and not _cuts_features(n, constants)])
        for node in recurrent:
            if node.inputs[0] in picked or (node.operator == _GRU and node.inputs[0] in cut):
                kind = node.operator.rpartition(".")[2]
                yield f"a {kind} reads what the graph has picked or cut out, perhaps nothing"


def _reached(graph: Graph, sources: list[Node]) -> set[str]:
    """Names of all values that come of ``sources``."""
    readers: dict[str, list[Node]] = {}
    for node in graph.nodes:
        for name in node.inputs:
            readers.setdefault(name, []).append(node)
    waiting = [name for node in sources for name in node.outputs]
    found = set[str]()
    while waiting:
        name = waiting.pop()
        if name and name not in found:
            found.add(name)
            waiting += [output for node in readers.get(name, ()) for output in node.outputs]
    return found


def _cuts_features(node: Node, constants: dict[str, Tensor]) -> bool:
    """Whether only the last of three axes is cut, which is neither the sequence nor the batch."""
    axes = _input(node, _AXES, constants)
    elements = None if axes is None else elements_of(axes)
    return bool(elements) and set(elements or ()) <= {2, -1}


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


def _is_above_0(tensor: Tensor | None) -> bool:
    elements = None if tensor is None else elements_of(tensor)
    return bool(elements) and min(elements or (0,)) > 0


def _is_filled(tensor: Tensor | None) -> bool:
    return tensor is not None and math.prod(tensor.dims) > 0
