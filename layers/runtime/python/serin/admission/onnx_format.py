"""An ``.onnx`` file, read into a ``Model``. Field numbers: onnx/onnx.proto of the ONNX project.

Opens nothing and trusts nothing: parts, depth and work are bounded, and tensors stay where they are in the file.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from serin.admission.graph import Attribute, Function, Graph, Model, Node, Tensor, TypedName, qualified
from serin.admission.wire import (
    DOUBLES,
    FLOAT,
    FLOAT_RUNS,
    FLOATS,
    NUMBER,
    NUMBER_RUNS,
    NUMBERS,
    TEXT,
    TEXT_RUNS,
    TEXTS,
    Budget,
    Fields,
    Layout,
    Malformed,
    count_of,
    numbers_of,
    read_message,
)

MOST_FIELDS: Final = 500_000
"""Parts of a file: a model of 30,000 nodes has as many, and reading that many takes about 100 MB."""
DEEPEST: Final = 32
"""Graphs within graphs. Exporters go three or four deep."""

_MODEL: Final[Layout] = {1: NUMBER, 7: TEXT, 8: TEXTS, 14: TEXTS, 20: TEXTS, 25: TEXTS}
_GRAPH: Final[Layout] = {1: TEXTS, 5: TEXTS, 11: TEXTS, 12: TEXTS, 15: TEXTS}
_NODE: Final[Layout] = {1: TEXTS, 2: TEXTS, 3: TEXT, 4: TEXT, 5: TEXTS, 7: TEXT, 8: TEXT}
_ATTRIBUTE: Final[Layout] = {
    1: TEXT,
    2: FLOAT,
    3: NUMBER,
    4: TEXT,
    5: TEXT,
    6: TEXT,
    7: FLOAT_RUNS,
    8: NUMBER_RUNS,
    9: TEXT_RUNS,
    10: TEXTS,
    11: TEXTS,
    21: TEXT,
    22: TEXT,
    23: TEXTS,
}
_TENSOR: Final[Layout] = {
    1: NUMBERS,
    2: NUMBER,
    4: FLOATS,
    5: NUMBERS,
    6: TEXT_RUNS,
    7: NUMBERS,
    8: TEXT,
    9: TEXT,
    10: DOUBLES,
    11: NUMBERS,
    13: TEXTS,
    14: NUMBER,
}
_SPARSE_TENSOR: Final[Layout] = {1: TEXT, 2: TEXT, 3: NUMBERS}
_FUNCTION: Final[Layout] = {1: TEXT, 4: TEXTS, 5: TEXTS, 7: TEXTS, 9: TEXTS, 10: TEXT, 11: TEXTS, 13: TEXT}
_OPSET: Final[Layout] = {1: TEXT, 2: NUMBER}
_ENTRY: Final[Layout] = {1: TEXT, 2: TEXT}
_VALUE_INFO: Final[Layout] = {1: TEXT, 2: TEXT}
_TYPE: Final[Layout] = {1: TEXT}
_TENSOR_TYPE: Final[Layout] = {1: NUMBER}

_EXTERNAL: Final = 1  # TensorProto.DataLocation.EXTERNAL


def read_onnx(artifact: bytes) -> Model:
    """The model in ``artifact``.

    Raises:
        Malformed: it holds none, or one that is too large or too deep to be read.
    """
    return _Reader().model(memoryview(artifact))


class _Reader:
    def __init__(self) -> None:
        self._budget = Budget(MOST_FIELDS)

    def model(self, data: memoryview) -> Model:
        fields = self._read(data, _MODEL)
        if 7 not in fields:
            raise Malformed("it holds no graph")
        return Model(
            ir_version=_integer(fields, 1),
            opsets=self._opsets(fields, 8),
            graph=self._graph(_bytes(fields, 7), 1),
            functions=tuple(self._function(part) for part in _parts(fields, 25)),
            metadata=tuple(_text(self._read(part, _ENTRY), 1) for part in _parts(fields, 14)),
            trains=20 in fields,
        )

    def _graph(self, data: memoryview, depth: int) -> Graph:
        if depth > DEEPEST:
            raise Malformed(f"graphs are nested more than {DEEPEST} deep")
        fields = self._read(data, _GRAPH)
        sparse = [tensor for part in _parts(fields, 15) for tensor in self._sparse(part)]
        return Graph(
            nodes=tuple(self._node(part, depth) for part in _parts(fields, 1)),
            constants=(*(self._tensor(part) for part in _parts(fields, 5)), *sparse),
            inputs=tuple(self._typed_name(part) for part in _parts(fields, 11)),
            outputs=tuple(self._typed_name(part) for part in _parts(fields, 12)),
        )

    def _function(self, data: memoryview) -> Function:
        fields = self._read(data, _FUNCTION)
        # What a parameter is by default is reached by reference alone; its graphs are looked through all the same.
        defaults = Node(
            name="default values",
            operator="ai.onnx.Constant",
            inputs=(),
            outputs=(),
            attributes=self._attributes(fields, 11, 1),
        )
        nodes = tuple(self._node(part, 1) for part in _parts(fields, 7))
        return Function(
            operator=qualified(_text(fields, 10), _text(fields, 1)),
            overload=_text(fields, 13),
            inputs=_texts(fields, 4),
            outputs=_texts(fields, 5),
            body=Graph(nodes=(*nodes, defaults) if defaults.attributes else nodes),
            opsets=self._opsets(fields, 9),
        )

    def _node(self, data: memoryview, depth: int) -> Node:
        fields = self._read(data, _NODE)
        return Node(
            name=_text(fields, 3),
            operator=qualified(_text(fields, 7), _text(fields, 4)),
            overload=_text(fields, 8),
            inputs=_texts(fields, 1),
            outputs=_texts(fields, 2),
            attributes=self._attributes(fields, 5, depth),
        )

    def _attributes(self, fields: Fields, number: int, depth: int) -> dict[str, Attribute]:
        attributes = [self._attribute(part, depth) for part in _parts(fields, number)]
        named = {attribute.name: attribute for attribute in attributes}
        if len(named) < len(attributes):
            name = Counter(attribute.name for attribute in attributes).most_common(1)[0][0]
            raise Malformed(f"a node has two attributes {name!a}")
        return named

    def _attribute(self, data: memoryview, depth: int) -> Attribute:
        fields = self._read(data, _ATTRIBUTE)
        tensors = [self._tensor(part) for number in (5, 10) for part in _parts(fields, number)]
        sparse = [tensor for number in (22, 23) for part in _parts(fields, number) for tensor in self._sparse(part)]
        return Attribute(
            name=_text(fields, 1),
            integer=_integer(fields, 3) if 3 in fields else None,
            text=bytes(_bytes(fields, 4)) if 4 in fields else None,
            float_count=count_of(fields.get(7, ()), 4),
            integers=fields.get(8, ()),
            texts=fields.get(9, ()),
            tensors=(*tensors, *sparse),
            graphs=tuple(self._graph(part, depth + 1) for number in (6, 11) for part in _parts(fields, number)),
            reference=21 in fields,
        )

    def _sparse(self, data: memoryview) -> list[Tensor]:
        fields = self._read(data, _SPARSE_TENSOR)
        dims = tuple(numbers_of(fields.get(3, ())))
        return [self._tensor(part, dims) for number in (1, 2) for part in _parts(fields, number)]

    def _tensor(self, data: memoryview, dense_dims: tuple[int, ...] = ()) -> Tensor:
        fields = self._read(data, _TENSOR)
        element_type = _int32(_integer(fields, 2))
        return Tensor(
            name=_text(fields, 8),
            element_type=element_type,
            dims=tuple(numbers_of(fields.get(1, ()))),
            data=_bytes(fields, 9) if 9 in fields else None,
            integers=(*fields.get(5, ()), *fields.get(7, ())),
            count=_count(fields, element_type),
            external=self._external(fields),
            dense_dims=dense_dims,
        )

    def _external(self, fields: Fields) -> str | None:
        entries = [self._read(part, _ENTRY) for part in _parts(fields, 13)]
        if not entries and _integer(fields, 14) != _EXTERNAL:
            return None
        return next((_text(entry, 2) for entry in entries if _text(entry, 1) == "location"), "")

    def _typed_name(self, data: memoryview) -> TypedName:
        fields = self._read(data, _VALUE_INFO)
        kind = self._read(_bytes(fields, 2), _TYPE) if 2 in fields else {}
        if 1 not in kind:
            return TypedName(_text(fields, 1), None)
        return TypedName(_text(fields, 1), _int32(_integer(self._read(_bytes(kind, 1), _TENSOR_TYPE), 1)))

    def _opsets(self, fields: Fields, number: int) -> tuple[tuple[str, int], ...]:
        opsets = [self._read(part, _OPSET) for part in _parts(fields, number)]
        return tuple((qualified(_text(opset, 1), "")[:-1], _integer(opset, 2)) for opset in opsets)

    def _read(self, data: memoryview, layout: Layout) -> Fields:
        return read_message(data, layout, self._budget)


def _count(fields: Fields, element_type: int) -> int | None:
    """Elements that stand in the field for this type; None where they stand in none, or several to a number."""
    for types, number, size in _TYPED_FIELDS:
        if element_type in types:
            return count_of(fields.get(number, ()), size) if number in fields else None
    return None


# TensorProto: float_data, int32_data, string_data, int64_data, double_data, uint64_data. Complex numbers and those of
# less than a byte are left out.
_TYPED_FIELDS: Final = (
    ({1}, 4, 4),
    ({2, 3, 4, 5, 6, 9, 10, 16}, 5, None),
    ({7}, 7, None),
    ({11}, 10, 8),
    ({12, 13}, 11, None),
)


def _parts(fields: Fields, number: int) -> list[memoryview]:
    return [value for value in fields.get(number, ()) if isinstance(value, memoryview)]


def _bytes(fields: Fields, number: int) -> memoryview:
    return next(iter(_parts(fields, number)), memoryview(b""))


def _text(fields: Fields, number: int) -> str:
    return str(_bytes(fields, number), "utf-8", "surrogateescape")


def _texts(fields: Fields, number: int) -> tuple[str, ...]:
    return tuple(str(part, "utf-8", "surrogateescape") for part in _parts(fields, number))


def _integer(fields: Fields, number: int) -> int:
    return next(iter(numbers_of(fields.get(number, ()))), 0)


def _int32(value: int) -> int:
    """As protobuf reads a number into 32 bits."""
    return ((value + 2**31) % 2**32) - 2**31
