"""What admission knows of a model, whichever format its file has: the graph and what steers its loading."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from serin.admission.wire import Value, count_of, numbers_of, texts_of

STANDARD: Final = "ai.onnx"
ML: Final = "ai.onnx.ml"

INT32: Final = 6
INT64: Final = 7
STRING: Final = 8
"""Element types, as in TensorProto.DataType."""


class Tensor(msgspec.Struct, frozen=True, kw_only=True):
    """A constant tensor.

    ``data``: its elements as ``raw_data`` holds them; None where they stand in typed fields, which ``integers`` holds
    for INT32 and INT64. ``count``: elements that are there, None where that cannot be told. ``external``: where it says
    its bytes are, outside this file. ``dense_dims``: for the values of a sparse tensor, the shape of the dense one.
    """

    name: str = ""
    element_type: int = 0
    dims: tuple[int, ...] = ()
    data: memoryview | None = None
    integers: Sequence[Value] = ()
    count: int | None = None
    external: str | None = None
    dense_dims: tuple[int, ...] = ()


class Attribute(msgspec.Struct, frozen=True, kw_only=True):
    """A node's attribute: everything that stands in it, whatever type it says it has.

    ``reference``: of a function's parameter, whose value it takes.
    """

    name: str
    integer: int | None = None
    text: bytes | None = None
    float_count: int = 0
    integers: Sequence[Value] = ()
    texts: Sequence[Value] = ()
    tensors: tuple[Tensor, ...] = ()
    graphs: tuple[Graph, ...] = ()
    reference: bool = False

    def numbers(self) -> array[int]:
        """Its list of integers."""
        return numbers_of(self.integers)

    def number_count(self) -> int:
        return count_of(self.integers)

    def strings(self) -> Iterator[bytes]:
        """Its list of texts."""
        return texts_of(self.texts)


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """One operation. ``operator``: domain and name, as in ``ai.onnx.Add``; ``inputs``: "" for one that is left out."""

    name: str
    operator: str
    overload: str = ""
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Attribute]

    @property
    def function(self) -> tuple[str, str]:
        """The name under which the model itself may define it."""
        return self.operator, self.overload


class TypedName(msgspec.Struct, frozen=True):
    """A value's name and the element type that is declared for it, None for anything but a dense tensor."""

    name: str
    element_type: int | None


class Graph(msgspec.Struct, frozen=True, kw_only=True):
    """Nodes in the file's order, constants, inputs, outputs, and what types are declared."""

    nodes: tuple[Node, ...]
    constants: tuple[Tensor, ...] = ()
    inputs: tuple[TypedName, ...] = ()
    outputs: tuple[TypedName, ...] = ()


class Function(msgspec.Struct, frozen=True, kw_only=True):
    """An operator that the model defines by others."""

    operator: str
    overload: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    body: Graph
    opsets: tuple[tuple[str, int], ...]


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """A whole model file. ``metadata``: keys only. ``trains``: it says how to train itself."""

    ir_version: int
    opsets: tuple[tuple[str, int], ...]
    graph: Graph
    functions: tuple[Function, ...] = ()
    metadata: tuple[str, ...] = ()
    trains: bool = False

    def graphs(self) -> Iterator[Graph]:
        """Every graph: the main one, the bodies of functions, and all that nodes hold."""
        waiting = [self.graph, *(function.body for function in self.functions)]
        while waiting:
            graph = waiting.pop()
            yield graph
            waiting += [inner for node in graph.nodes for inner in graphs_in(node)]

    def nodes(self) -> Iterator[Node]:
        """Every node of every graph."""
        for graph in self.graphs():
            yield from graph.nodes

    def tensors(self) -> Iterator[Tensor]:
        """Every constant tensor, also those in attributes."""
        for graph in self.graphs():
            yield from graph.constants
            for node in graph.nodes:
                for attribute in node.attributes.values():
                    yield from attribute.tensors


def graphs_in(node: Node) -> Iterator[Graph]:
    """The graphs that a node holds: branches, and bodies of loops."""
    for attribute in node.attributes.values():
        yield from attribute.graphs


def qualified(domain: str, name: str) -> str:
    """An operator's whole name. The standard's domain is also written as an empty text."""
    return f"{domain or STANDARD}.{name}"
