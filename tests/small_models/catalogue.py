"""The models. Each is as small as what it shows allows."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from serin.protocol import Datatype, TensorMetadata
from tests.small_models.folder import Instance, Prediction, SmallModel
from tests.small_models.graphs import graph, serialized, tensor

_EXAMPLES: Final[dict[Datatype, list[Any]]] = {
    Datatype.BOOL: [True, False],
    Datatype.UINT8: [0, 255],
    Datatype.UINT16: [0, 65535],
    Datatype.UINT32: [0, 2**32 - 1],
    Datatype.UINT64: [0, 2**64 - 1],
    Datatype.INT8: [-128, 127],
    Datatype.INT16: [-32768, 32767],
    Datatype.INT32: [-(2**31), 2**31 - 1],
    Datatype.INT64: [-(2**63), 2**63 - 1],
    Datatype.FP16: [-0.0, 65504.0],
    Datatype.FP32: [-0.0, 1.401298464324817e-45],
    Datatype.FP64: [-0.0, 5e-324],
    Datatype.BF16: [-0.0, 1.5],
    Datatype.BYTES: ["", "naïve\x00 ☃ \U0001f600"],
}
"""Two elements of every datatype, at its edges; all of them exact in it."""


def identity(datatype: Datatype, rank: int = 2, name: str | None = None, **rule: Any) -> SmallModel:
    """``y = x`` for any shape of ``rank`` axes; ``rule`` is what the manifest says of ``x``."""
    shape = (-1,) * rank
    x, y = tensor("x", datatype, *shape), tensor("y", datatype, *shape)
    row: Any = _EXAMPLES[datatype]
    for _ in range(rank - 2):
        row = [row]
    return SmallModel(
        name=name or f"identity-{datatype.lower()}",
        artifact=serialized(graph([helper.make_node("Identity", ["x"], ["y"])], [x], [y])),
        inputs=(x,),
        outputs=(y,),
        rules={"x": rule},
        golden=(({"x": row}, {"y": row}),) if rank >= 2 else (),
    )


IDENTITIES: Final = tuple(identity(datatype) for datatype in Datatype)
"""One of each datatype, two dynamic axes."""

DEEP: Final = identity(Datatype.FP32, rank=97, name="deep")
"""As many axes as nested data can have: the JSON around it nests 3 more levels, and 100 are allowed."""


def _elementwise(
    name: str,
    nodes: list[tuple[str, list[str], str]],
    inputs: list[TensorMetadata],
    outputs: list[TensorMetadata],
    golden: tuple[Instance, Prediction],
) -> SmallModel:
    made = [helper.make_node(kind, read, [written]) for kind, read, written in nodes]
    return SmallModel(
        name=name,
        artifact=serialized(graph(made, inputs, outputs)),
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        golden=(golden,),
    )


PAIR: Final = _elementwise(
    "pair",
    [("Add", ["a", "b"], "sum"), ("Sub", ["a", "b"], "difference")],
    [tensor("a", Datatype.FP32, -1, 2), tensor("b", Datatype.FP32, -1, 2)],
    [tensor("sum", Datatype.FP32, -1, 2), tensor("difference", Datatype.FP32, -1, 2)],
    golden=({"a": [1.0, 2.0], "b": [0.5, 4.0]}, {"sum": [1.5, 6.0], "difference": [0.5, -2.0]}),
)
"""Two inputs, two outputs."""

SCALAR: Final = _elementwise(
    "scalar",
    [("Neg", ["x"], "y")],
    [tensor("x", Datatype.FP32)],
    [tensor("y", Datatype.FP32)],
    golden=({"x": 2.5}, {"y": -2.5}),
)
"""``y = -x`` without any axis."""

LOG: Final = _elementwise(
    "log",
    [("Log", ["x"], "y")],
    [tensor("x", Datatype.FP32, -1, 1)],
    [tensor("y", Datatype.FP32, -1, 1)],
    golden=({"x": [1.0]}, {"y": [0.0]}),
)
"""NaN for a negative number, minus infinity for zero."""


def integer_arithmetic(operator: str, datatype: Datatype) -> SmallModel:
    """``c = a / b`` or ``a % b`` in integers; ``operator``: ``Div`` or ``Mod``."""
    a, b, c = (tensor(name, datatype, -1) for name in "abc")
    return _elementwise(
        f"{operator.lower()}-{datatype.lower()}",
        [(operator, ["a", "b"], "c")],
        [a, b],
        [c],
        golden=({"a": 7, "b": 4}, {"c": {"Div": 1, "Mod": 3}[operator]}),
    )


DIVISION: Final = integer_arithmetic("Div", Datatype.INT64)


def _gather() -> SmallModel:
    table = helper.make_tensor("table", TensorProto.FLOAT, [3], [10.0, 20.0, 30.0])
    index, value = tensor("index", Datatype.INT64, -1), tensor("value", Datatype.FP32, -1)
    node = helper.make_node("Gather", ["table", "index"], ["value"])
    return SmallModel(
        name="gather",
        artifact=serialized(graph([node], [index], [value], [table])),
        inputs=(index,),
        outputs=(value,),
        golden=(({"index": 2}, {"value": 30.0}),),
    )


GATHER: Final = _gather()
"""``[10, 20, 30][index]``: fails on an index that is out of range."""


def _loop() -> SmallModel:
    body = graph(
        [
            helper.make_node("Identity", ["go_on"], ["goes_on"]),
            helper.make_node("Add", ["count", "one"], ["counted"]),
        ],
        [tensor("step", Datatype.INT64), tensor("go_on", Datatype.BOOL), tensor("count", Datatype.INT64)],
        [tensor("goes_on", Datatype.BOOL), tensor("counted", Datatype.INT64)],
    )
    constants = [
        helper.make_tensor("yes", TensorProto.BOOL, [], [True]),
        helper.make_tensor("zero", TensorProto.INT64, [], [0]),
        helper.make_tensor("one", TensorProto.INT64, [], [1]),
    ]
    trips, counted = tensor("trips", Datatype.INT64), tensor("total", Datatype.INT64)
    node = helper.make_node("Loop", ["trips", "yes", "zero"], ["total"], body=body)
    return SmallModel(
        name="loop",
        artifact=serialized(graph([node], [trips], [counted], constants)),
        inputs=(trips,),
        outputs=(counted,),
        golden=(({"trips": 3}, {"total": 3}),),
        fields={"prediction": {"task": "tensors"}, "serving": {"timeout_seconds": 1}},
    )


LOOP: Final = _loop()
"""Counts to ``trips``, which the client chooses; may run for one second."""


def _flower() -> SmallModel:
    weights = helper.make_tensor("weights", TensorProto.FLOAT, [2, 2], [1.0, -1.0, 0.5, 0.25])
    x, scores = tensor("X", Datatype.FP32, -1, 2), tensor("scores", Datatype.FP32, -1, 2)
    node = helper.make_node("MatMul", ["X", "weights"], ["scores"])
    return SmallModel(
        name="flower",
        artifact=serialized(graph([node], [x], [scores], [weights])),
        inputs=(x,),
        outputs=(scores,),
        golden=(
            (
                {"petal length": 2.0, "sepal length": 4.0},
                {
                    "label": "rose",
                    "probability": 0.9933071490757153,
                    "probabilities": {"rose": 0.9933071490757153, "tulip": 0.006692850924284856},
                },
            ),
        ),
        fields={
            "features": [
                {"name": "petal length", "type": "float", "unit": "cm", "range": [0, 10]},
                {"name": "sepal length", "type": "float", "unit": "cm", "missing": {"fill": 4.0}},
            ],
            "prediction": {
                "task": "classification",
                "scores": "scores",
                "labels": ["rose", "tulip"],
                "activation": "softmax",
                "positive": "tulip",
                "threshold": 0.25,
            },
            "serving": {"max_batch_rows": 1000},
        },
        baseline={
            "schema": "serin/baseline/v1",
            "features": {"petal length": {"kind": "numeric", "edges": [1.0, 5.0], "counts": [1, 2, 1]}},
            "prediction": {"kind": "numeric", "edges": [0.25, 0.5], "counts": [2, 1, 1]},
        },
    )


FLOWER: Final = _flower()
"""Named numbers to one of two labels: scores ``[p + s/2, s/4 - p]`` through a softmax."""


def _shop() -> SmallModel:
    inputs = (
        tensor("city", Datatype.BYTES, -1, 1),
        tensor("visits", Datatype.INT64, -1, 1),
        tensor("member", Datatype.BOOL, -1, 1),
        tensor("age", Datatype.FP64, -1, 1),
    )
    spending = tensor("spending", Datatype.FP64, -1, 1)
    nodes = [
        helper.make_node("Equal", ["city", "rome"], ["in_rome"]),
        helper.make_node("Cast", ["in_rome"], ["city_share"], to=TensorProto.DOUBLE),
        helper.make_node("Cast", ["visits"], ["visits_share"], to=TensorProto.DOUBLE),
        helper.make_node("Cast", ["member"], ["member_share"], to=TensorProto.DOUBLE),
        helper.make_node("IsNaN", ["age"], ["ageless"]),
        helper.make_node("Where", ["ageless", "usual", "age"], ["age_share"]),
        helper.make_node("Add", ["city_share", "visits_share"], ["first"]),
        helper.make_node("Add", ["member_share", "age_share"], ["second"]),
        helper.make_node("Add", ["first", "second"], ["spending"]),
    ]
    constants = [
        numpy_helper.from_array(np.array(["Rome"], dtype=object), "rome"),
        helper.make_tensor("usual", TensorProto.DOUBLE, [1], [40.0]),
    ]
    return SmallModel(
        name="shop",
        artifact=serialized(graph(nodes, inputs, [spending], constants)),
        inputs=inputs,
        outputs=(spending,),
        golden=(
            ({"city": "Rome", "visits": 3, "member": True, "age": 20.5}, {"value": 25.5}),
            ({"visits": -3, "member": False, "age": None}, {"value": 38.0}),
        ),
        fields={
            "features": [
                {"name": "city", "type": "string", "categories": ["Rome", "Oslo"], "missing": {"fill": "Rome"}},
                {"name": "visits", "type": "int", "range": [-5, 100]},
                {"name": "member", "type": "bool"},
                {"name": "age", "type": "float", "missing": "allow"},
            ],
            "prediction": {"task": "regression", "value": "spending", "unit": "EUR"},
        },
        baseline={
            "schema": "serin/baseline/v1",
            "features": {
                "city": {"kind": "category", "categories": ["Rome", "Oslo"], "counts": [2, 1]},
                "age": {"kind": "numeric", "edges": [30.0], "counts": [2, 1], "missing": 1},
            },
            "prediction": {"kind": "numeric", "edges": [30.0], "counts": [2, 1]},
        },
    )


SHOP: Final = _shop()
"""A text, an integer, a flag and a number that may be missing, each its own tensor, to one number:
1 for Rome, the visits, 1 for a member, and the age or 40, added up."""

ALL: Final = (*IDENTITIES, DEEP, PAIR, SCALAR, LOG, DIVISION, GATHER, LOOP, FLOWER, SHOP)
