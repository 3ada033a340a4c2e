"""Which integer divisions are safe, shown on graphs that ONNX Runtime opens."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from onnx import NodeProto, TensorProto, helper

from serin.admission.division import faulty_divisions
from serin.admission.onnx_format import read_onnx
from serin.admission.structure import excessive_nodes
from serin.engine import EngineOptions, Session
from serin.protocol import Datatype
from tests.integration.admission.hostile import model_of, node, numbers, scalar
from tests.small_models.graphs import graph, tensor

A, B = (tensor(name, Datatype.INT64, -1) for name in "ab")
C = tensor("c", Datatype.INT64, -1)
F = tensor("f", Datatype.FP32, -1)
LOWEST = -(2**63)


def div(a: str, b: str, kind: str = "Div") -> NodeProto:
    return node(kind, f"{a} {b}", "c")


SAFE: dict[str, tuple[Sequence[NodeProto], Sequence[TensorProto]]] = {
    "two inputs, guarded as requests come in": ([div("a", "b")], ()),
    "inputs by way of operators that move them": (
        [node("Squeeze", "a", "s"), node("Identity", "s", "i"), node("Concat", "i a", "j", axis=0), div("j", "b")],
        (),
    ),
    "a computed number by a constant": ([node("Mul", "a b", "m"), div("m", "k")], [numbers("k", 7)]),
    "by a negative constant": ([node("Mul", "a b", "m"), div("m", "k")], [numbers("k", -2)]),
    "by constants on both sides of -1": (
        [node("Mul", "a b", "m"), node("Gather", "k i", "d"), div("m", "d")],
        [numbers("k", -2, 3), numbers("i", 0)],
    ),
    "by a Constant node": (
        [node("Mul", "a b", "m"), node("Constant", "", "k", value_ints=[4]), div("m", "k")],
        (),
    ),
    "a constant by a computed number": ([node("Mul", "a b", "m"), div("k", "m")], [numbers("k", 7)]),
    "by a length": ([node("Mul", "a b", "m"), node("Shape", "a", "n"), div("m", "n")], ()),
    "lengths by lengths": (
        [node("Shape", "a", "n"), node("Size", "b", "o"), div("n", "o"), node("Shape", "c", "unused")],
        (),
    ),
    "by a number of at least 1": (
        [node("Mul", "a b", "m"), node("Max", "m k", "d"), div("m", "d")],
        [numbers("k", 1)],
    ),
    "by a clipped number": (
        [node("Mul", "a b", "m"), node("Clip", "m k", "d"), div("m", "d")],
        [scalar("k", 1)],
    ),
    "by a magnitude": ([node("Mul", "a b", "m"), node("Abs", "m", "d"), div("m", "d")], ()),
    "a remainder of a remainder": (
        [node("Mul", "a b", "m"), node("Mod", "m k", "r"), node("Mul", "b b", "n"), div("r", "n")],
        [numbers("k", 5)],
    ),
    "a quotient of lengths": (
        [node("Shape", "a", "n"), node("Div", "n k", "q"), node("Mul", "b b", "m"), div("q", "m")],
        [numbers("k", 2)],
    ),
    "a floating remainder of integers": (
        [node("Mul", "a b", "m"), node("Mod", "m b", "c", fmod=1)],
        (),
    ),
    "floats that were integers": (
        [
            node("Cast", "a", "x", to=TensorProto.FLOAT),
            node("Mul", "x x", "y"),
            node("Div", "y x", "z"),
            node("Cast", "z", "c", to=TensorProto.INT64),
        ],
        (),
    ),
    "floats out of operators that say so by their types alone": (
        [
            node("Cast", "a", "x", to=TensorProto.FLOAT),
            node("Softmax", "x", "s"),
            node("ReduceSum", "s", "t"),
            node("Where", "yes x s", "w"),
            node("Div", "w t", "z"),
            node("Cast", "z", "c", to=TensorProto.INT64),
        ],
        [helper.make_tensor("yes", TensorProto.BOOL, [1], [True])],
    ),
}
UNSAFE: dict[str, tuple[Sequence[NodeProto], Sequence[TensorProto]]] = {
    "a product by an input": ([node("Mul", "a b", "m"), div("m", "b")], ()),
    "a remainder by an input": ([node("Mul", "a b", "m"), div("m", "b", "Mod")], ()),
    "a product by constants of which one is -1": ([node("Mul", "a b", "m"), div("m", "k")], [numbers("k", 3, -1)]),
    "the lowest constant by an input": ([div("k", "b")], [numbers("k", LOWEST)]),
    "a float made whole, for NaN becomes the lowest": (
        [
            node("Cast", "a", "x", to=TensorProto.FLOAT),
            node("Log", "x", "l"),
            node("Cast", "l", "w", to=TensorProto.INT64),
            div("w", "b"),
        ],
        (),
    ),
    "the lowest of a shape's filling": (
        [node("Shape", "a", "n"), node("ConstantOfShape", "n", "w", value=numbers("v", LOWEST)), div("w", "b")],
        (),
    ),
    "an absolute value, for the lowest has none": ([node("Mul", "a b", "m"), node("Abs", "m", "d"), div("d", "b")], ()),
    "the greatest of none, which is the lowest": ([node("ReduceMax", "a", "m"), div("m", "b")], ()),
    "what an input is padded with": (
        [node("Pad", "a p v", "w"), div("w", "k")],
        [numbers("p", 0, 1), scalar("v", LOWEST), scalar("k", -1)],
    ),
    "by a number that is at least -1": (
        [node("Mul", "a b", "m"), node("Max", "m k", "d"), div("m", "d")],
        [numbers("k", -1)],
    ),
    "what comes round in a loop": (
        [
            node(
                "Loop",
                "trips yes b",
                "c",
                body=graph(
                    [node("Identity", "go", "goes"), node("Mul", "v v", "w"), node("Div", "w b", "u")],
                    [tensor("step", Datatype.INT64), tensor("go", Datatype.BOOL), tensor("v", Datatype.INT64, -1)],
                    [tensor("goes", Datatype.BOOL), tensor("u", Datatype.INT64, -1)],
                ),
            )
        ],
        [scalar("trips", 2), helper.make_tensor("yes", TensorProto.BOOL, [], [True])],
    ),
}


def artifact(nodes: Sequence[NodeProto], constants: Sequence[TensorProto]) -> bytes:
    """A model of two inputs; ONNX Runtime opens it, so that no row shows what is no model at all."""
    data = model_of(nodes, *constants, inputs=(A, B), outputs=(C,))
    Session.load(data, EngineOptions())
    return data


@pytest.mark.parametrize("case", SAFE)
def test_a_division_that_cannot_fault_is_allowed(case: str) -> None:
    assert list(faulty_divisions(read_onnx(artifact(*SAFE[case])))) == []


@pytest.mark.parametrize("case", UNSAFE)
def test_a_division_that_could_fault_is_found(case: str) -> None:
    assert len(list(faulty_divisions(read_onnx(artifact(*UNSAFE[case]))))) == 1


@pytest.mark.parametrize("kind", [TensorProto.UINT32, TensorProto.INT16, TensorProto.FLOAT, TensorProto.DOUBLE])
def test_types_that_cannot_fault_are_not_looked_at(kind: int) -> None:
    nodes = [
        node("Cast", "a", "x", to=kind),
        node("Cast", "b", "y", to=kind),
        node("Sub", "x y", "d"),
        node("Div", "d y", "q"),
        node("Cast", "q", "c", to=TensorProto.INT64),
    ]
    assert list(faulty_divisions(read_onnx(artifact(nodes, ())))) == []


def test_the_node_is_named() -> None:
    named = helper.make_node("Div", ["m", "b"], ["c"], name="ratio\n")
    (problem,) = faulty_divisions(read_onnx(artifact([node("Mul", "a b", "m"), named], ())))
    assert problem == "node 'ratio\\n' is a Div of integers that the graph computes"


def nested(levels: int) -> bytes:
    """Functions, each with branches within branches, of which the innermost calls the next."""
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("local", 1)]
    yes = node("Constant", "", "yes", value=helper.make_tensor("t", TensorProto.BOOL, [], [True]))
    result = helper.make_empty_tensor_value_info("w")
    other = helper.make_graph([node("Identity", "v", "w")], "other", [], [result])
    functions = []
    inner = node("Identity", "v", "w")
    for level in range(levels):
        for _ in range(10):
            branch = helper.make_graph([inner], "branch", [], [result])
            inner = node("If", "yes", "w", then_branch=branch, else_branch=other)
        functions.append(helper.make_function("local", f"f{level}", ["v"], ["w"], [yes, inner], opsets))
        inner = helper.make_node(f"f{level}", ["v"], ["w"], domain="local")
    call = helper.make_node(f"f{levels - 1}", ["a"], ["c"], domain="local")
    return model_of([call], functions=functions, inputs=(A,), outputs=(C,))


@pytest.mark.parametrize(("levels", "said"), [(5, 0), (60, 1)])
def test_branches_in_functions_are_followed_so_far_and_no_further(levels: int, said: int) -> None:
    model = read_onnx(nested(levels))
    assert not list(excessive_nodes(model))
    problems = list(faulty_divisions(model))
    assert problems == ["functions and branches lie too deep in one another to be followed"][:said]
