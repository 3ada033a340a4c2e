"""Memory that a model takes whatever it is asked: ONNX Runtime computes what is constant when it loads a model.

Only what the file says outright is added up here. Less plain ways to the same end are left to the first opening, which
has a limit on memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

from serin.admission.findings import shown
from serin.admission.graph import STANDARD, Model, Node, Tensor
from serin.admission.values import elements_of

_LONGEST_SHAPE: Final = 64
_PASSED_ON: Final = frozenset(
    f"{STANDARD}.{name}" for name in ("Identity", "Cast", "Reshape", "Squeeze", "Unsqueeze", "Flatten")
)

Known = dict[str, tuple[int, ...]]
"""Short lists of integers that are constant, by the value's name."""


def large_constants(model: Model, limit: int) -> Iterator[str]:
    """Values that are constant and take more than ``limit`` bytes."""
    for tensor in model.tensors():
        if tensor.dense_dims and _product(tensor.dense_dims) * _itemsize(tensor) > limit:
            yield f"sparse constant {shown(tensor.name)} has {_product(tensor.dense_dims)} elements when it is dense"
    for graph in model.graphs():
        known = {tensor.name: values for tensor in graph.constants if (values := _short(tensor)) is not None}
        sizes = {tensor.name: _itemsize(tensor) for tensor in graph.constants}
        for node in graph.nodes:
            size = _elements(node, known) * _element_size(node, sizes)
            if size > limit:
                kind = node.operator.rpartition(".")[2]
                yield f"a {kind} makes {size} bytes whatever the input; the function has {limit}"
            _learn(node, known)


def wrong_constants(model: Model) -> Iterator[str]:
    """Constants whose data is not what their shape says."""
    for tensor in model.tensors():
        if any(axis < 0 for axis in tensor.dims):
            yield f"constant {shown(tensor.name)} has an axis below 0"
            continue
        size, count = _ITEMSIZE.get(tensor.element_type), _product(tensor.dims)
        if tensor.data is not None and size is not None and len(tensor.data) != count * size:
            yield f"constant {shown(tensor.name)} has {len(tensor.data)} bytes and not the {count * size} of its shape"
        elif tensor.data is None and tensor.count is not None and tensor.count != count:
            yield f"constant {shown(tensor.name)} has {tensor.count} elements and not the {count} of its shape"


# Bytes an element in raw_data, by TensorProto.DataType.
_ITEMSIZE: Final = {1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 14: 8, 15: 16, 16: 2}


def _itemsize(tensor: Tensor) -> int:
    return _ITEMSIZE.get(tensor.element_type, 1)


def _element_size(node: Node, sizes: dict[str, int]) -> int:
    """Bytes of an element that ``node`` makes, or fewer where that is not known."""
    value = node.attributes.get("value")
    if node.operator == f"{STANDARD}.ConstantOfShape":
        return _itemsize(value.tensors[0]) if value is not None and value.tensors else 4
    return sizes.get(node.inputs[0], 1) if node.inputs else 1


def _product(dims: Sequence[int]) -> int:
    return math.prod(max(axis, 0) for axis in dims)


def _short(tensor: Tensor) -> tuple[int, ...] | None:
    if len(tensor.dims) > 1 or _product(tensor.dims) > _LONGEST_SHAPE:
        return None
    elements = elements_of(tensor)
    return None if elements is None or len(elements) > _LONGEST_SHAPE else tuple(elements)


def _learn(node: Node, known: Known) -> None:
    values: tuple[int, ...] | None = None
    if node.operator == f"{STANDARD}.Constant":
        values = _constant(node)
    elif node.operator in _PASSED_ON and node.inputs:
        values = known.get(node.inputs[0])
    elif node.operator == f"{STANDARD}.Concat" and all(name in known for name in node.inputs):
        values = tuple(value for name in node.inputs for value in known[name])[:_LONGEST_SHAPE]
    if values is not None and node.outputs:
        known[node.outputs[0]] = values


def _constant(node: Node) -> tuple[int, ...] | None:
    for attribute in node.attributes.values():
        if attribute.name == "value_ints" and attribute.number_count() <= _LONGEST_SHAPE:
            return tuple(attribute.numbers())
        if attribute.name == "value_int" and attribute.integer is not None:
            return (attribute.integer,)
        if attribute.name == "value" and attribute.tensors:
            return _short(attribute.tensors[0])
    return None


def _elements(node: Node, known: Known) -> int:
    """The fewest elements that ``node`` makes, as far as constants say; 0 where they do not."""
    domain, _, kind = node.operator.rpartition(".")
    if domain != STANDARD:
        return 0
    if kind in ("RandomNormal", "RandomUniform") and "shape" in node.attributes:
        shape = node.attributes["shape"]
        return _product(shape.numbers()) if shape.number_count() <= _LONGEST_SHAPE else 0
    place = _SHAPES.get(kind)
    values = known.get(node.inputs[place]) if place is not None and place < len(node.inputs) else None
    if kind == "Range":
        return _steps([known.get(name) for name in node.inputs])
    if values is None:
        return 0
    if kind == "Pad":
        half = len(values) // 2
        return math.prod(1 + max(0, a + b) for a, b in zip(values[:half], values[half:], strict=False))
    return _product(values)


_SHAPES: Final = {
    "ConstantOfShape": 0,
    "Expand": 1,
    "Tile": 1,
    "OneHot": 1,
    "Resize": 3,
    "Pad": 1,
    "HannWindow": 0,
    "HammingWindow": 0,
    "BlackmanWindow": 0,
}
"""The input that says how large the output becomes: its shape, or how often or how far it repeats."""


def _steps(values: Sequence[tuple[int, ...] | None]) -> int:
    if len(values) != 3:
        return 0
    start, limit, step = values
    if not (start and limit and step and step[0]):
        return 0
    return max(0, -((start[0] - limit[0]) // step[0]))
