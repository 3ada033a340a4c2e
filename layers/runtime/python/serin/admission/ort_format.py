"""An ``.ort`` file, read into a ``Model``. Slots: onnxruntime/core/flatbuffers/schema/ort.fbs of ONNX Runtime.

The format is a flatbuffer: tables of offsets into the file, which may lead anywhere, so each is checked, and parts and
depth are bounded. Source: flatbuffers.dev/internals.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from serin.admission.graph import INT32, INT64, Attribute, Graph, Model, Node, Tensor, TypedName, qualified
from serin.admission.onnx_format import DEEPEST, MOST_FIELDS
from serin.admission.wire import Budget, Malformed

_SESSION_MODEL: Final = 1
_TENSOR_TYPE: Final = 1  # TypeInfoValue.tensor_type
_BYTES_A_PART: Final = 256


def read_ort(artifact: bytes) -> Model:
    """The model in ``artifact``.

    Raises:
        Malformed: it holds none, or one that is too large or too deep to be read.
    """
    return _Reader(artifact).model()


class _Table:
    """One table: its fields by slot."""

    def __init__(self, file: _File, position: int) -> None:
        self._file = file
        self._position = position
        file.budget.take()
        self._slots = position - file.number("<i", position)
        self._size = file.number("<H", self._slots)

    def _field(self, slot: int) -> int:
        """Where a field stands; 0 where it is left out."""
        entry = 4 + 2 * slot
        if entry + 2 > self._size:
            return 0
        offset = self._file.number("<H", self._slots + entry)
        return self._position + offset if offset else 0

    def integer(self, slot: int, form: str = "<q", default: int = 0) -> int:
        position = self._field(slot)
        return self._file.number(form, position) if position else default

    def table(self, slot: int) -> _Table | None:
        position = self._field(slot)
        return _Table(self._file, self._file.follow(position)) if position else None

    def tables(self, slot: int) -> Iterator[_Table]:
        for position in self._places(slot):
            yield _Table(self._file, position)

    def text(self, slot: int) -> str:
        position = self._field(slot)
        return self._file.text(self._file.follow(position)) if position else ""

    def texts(self, slot: int) -> tuple[str, ...]:
        return tuple(self._file.text(position) for position in self._places(slot))

    def has(self, slot: int) -> bool:
        return self._field(slot) != 0

    def vector(self, slot: int, size: int = 1) -> memoryview:
        """A list of numbers of ``size`` bytes each, as they stand."""
        position = self._field(slot)
        return self._file.vector(self._file.follow(position), size) if position else memoryview(b"")

    def integers(self, slot: int) -> memoryview:
        """A list of INT64, each an element of the view."""
        data = self.vector(slot, 8)
        self._file.charge(data)
        return data.cast("q")

    def _places(self, slot: int) -> Iterator[int]:
        position = self._field(slot)
        if not position:
            return
        start = self._file.follow(position)
        count = len(self._file.vector(start, 4)) // 4
        for i in range(count):
            self._file.budget.take()
            yield self._file.follow(start + 4 + 4 * i)


class _File:
    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self.budget = Budget(MOST_FIELDS)

    def number(self, form: str, position: int) -> int:
        try:
            value: int = struct.unpack_from(form, self._data, position)[0] if position >= 0 else self._outside()
        except struct.error:
            return self._outside()
        return value

    def follow(self, position: int) -> int:
        return position + self.number("<I", position)

    def vector(self, position: int, size: int) -> memoryview:
        length = self.number("<I", position) * size
        data = self._data[position + 4 : position + 4 + length]
        return data if len(data) == length else memoryview(bytes(self._outside()))

    def text(self, position: int) -> str:
        data = self.vector(position, 1)
        self.charge(data)
        return str(data, "utf-8", "surrogateescape")

    def charge(self, data: memoryview) -> None:
        """Count what will be looked at by its size: many tables may hold the same."""
        self.budget.take(len(data) // _BYTES_A_PART)

    def _outside(self) -> int:
        raise Malformed("an offset leads out of the file")


class _Reader:
    def __init__(self, artifact: bytes) -> None:
        self._file = _File(artifact)

    def model(self) -> Model:
        model = _Table(self._file, self._file.follow(0)).table(_SESSION_MODEL)
        graph = model.table(7) if model is not None else None
        if model is None or graph is None:
            raise Malformed("it holds no graph")
        return Model(
            ir_version=model.integer(0),
            opsets=tuple((qualified(entry.text(0), "")[:-1], entry.integer(1)) for entry in model.tables(1)),
            graph=self._graph(graph, 1),
            metadata=tuple(entry.text(0) for entry in model.tables(9)),
        )

    def _graph(self, table: _Table, depth: int) -> Graph:
        if depth > DEEPEST:
            raise Malformed(f"graphs are nested more than {DEEPEST} deep")
        types = {value.text(0): _element_type(value.table(2)) for value in table.tables(1)}
        constants = [self._tensor(part) for part in table.tables(0)]
        for sparse in table.tables(7):
            parts = (sparse.table(0), sparse.table(1))
            dims = tuple(sparse.integers(2))
            constants += [self._tensor(part, dims) for part in parts if part is not None]
        inputs, outputs = (tuple(TypedName(name, types.get(name)) for name in table.texts(slot)) for slot in (5, 6))
        known = {*table.texts(5), *(tensor.name for tensor in constants)}
        nodes = _ordered([self._node(part, depth) for part in table.tables(2)], known)
        return Graph(nodes=nodes, constants=tuple(constants), inputs=inputs, outputs=outputs)

    def _node(self, table: _Table, depth: int) -> Node:
        attributes = [self._attribute(part, depth) for part in table.tables(10)]
        if len({attribute.name for attribute in attributes}) < len(attributes):
            raise Malformed("a node has two attributes of one name")
        return Node(
            name=table.text(0),
            operator=qualified(table.text(2), table.text(5)),
            inputs=table.texts(8),
            outputs=table.texts(9),
            attributes={attribute.name: attribute for attribute in attributes},
        )

    def _attribute(self, table: _Table, depth: int) -> Attribute:
        single, graph = table.table(6), table.table(7)
        tensors = [*([] if single is None else [single]), *table.tables(11)]
        graphs = [*([] if graph is None else [graph]), *table.tables(12)]
        return Attribute(
            name=table.text(0),
            integer=table.integer(4),
            text=table.text(5).encode("utf-8", "surrogateescape"),
            float_count=len(table.vector(8, 4)) // 4,
            integers=[table.integers(9)],
            texts=[memoryview(text.encode("utf-8", "surrogateescape")) for text in table.texts(10)],
            tensors=tuple(self._tensor(part) for part in tensors),
            graphs=tuple(self._graph(part, depth + 1) for part in graphs),
        )

    def _tensor(self, table: _Table, dense_dims: tuple[int, ...] = ()) -> Tensor:
        element_type = table.integer(3, "<i")
        data = table.vector(4) if table.has(4) else None
        if data is not None and element_type in (INT32, INT64):
            self._file.charge(data)
        return Tensor(
            name=table.text(0),
            element_type=element_type,
            dims=tuple(table.integers(2)),
            data=data,
            external="" if table.integer(6, default=-1) >= 0 else None,
            dense_dims=dense_dims,
        )


def _element_type(info: _Table | None) -> int | None:
    if info is None or info.integer(1, "<B") != _TENSOR_TYPE:
        return None
    tensor = info.table(2)
    return None if tensor is None else tensor.integer(0, "<i")


def _ordered(nodes: list[Node], known: set[str]) -> tuple[Node, ...]:
    """Each behind those whose outputs it reads, as far as that goes; names from outside are not waited for."""
    made = {name: node for node in nodes for name in node.outputs if name}
    waits = {id(node): {name for name in node.inputs if name in made and name not in known} for node in nodes}
    readers: dict[str, list[Node]] = {}
    for node in nodes:
        for name in waits[id(node)]:
            readers.setdefault(name, []).append(node)
    ready = [node for node in nodes if not waits[id(node)]]
    for node in ready:  # grows while it is read
        for name in node.outputs:
            for reader in readers.pop(name, ()):
                waits[id(reader)].discard(name)
                if not waits[id(reader)]:
                    ready.append(reader)
    return (*ready, *(node for node in nodes if waits[id(node)]))
