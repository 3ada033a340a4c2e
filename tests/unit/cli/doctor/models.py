"""Models that a doctor has something to say about, and what he says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from onnx import TensorProto, helper

from cli.doctor.finding import Problem
from serin.model_folder import ModelFolder, load_model_folder
from serin.protocol import Datatype
from tests.small_models.catalogue import FLOWER
from tests.small_models.folder import SmallModel
from tests.small_models.graphs import graph, serialized, tensor


def served(folder: Path, **serving: Any) -> ModelFolder:
    """``FLOWER`` below ``folder``, with these settings."""
    return written(FLOWER, folder, **serving)


def written(model: SmallModel, folder: Path, **serving: Any) -> ModelFolder:
    """``model`` below ``folder``, with these settings."""
    settings = {**model.fields.get("serving", {}), **serving}
    return load_model_folder(replace(model, fields={**model.fields, "serving": settings}).write(folder))


def wide(columns: int, name: str = "wide") -> SmallModel:
    """``y = x`` for rows of so many numbers, each of them 12 bytes long in JSON."""
    x, y = tensor("x", Datatype.FP32, -1, columns), tensor("y", Datatype.FP32, -1, columns)
    row = [0.33333334] * columns
    return SmallModel(
        name=name,
        artifact=serialized(graph([helper.make_node("Identity", ["x"], ["y"])], [x], [y])),
        inputs=(x,),
        outputs=(y,),
        golden=(({"x": row}, {"y": row}),),
    )


def alone() -> SmallModel:
    """``y = 2 x`` for a batch of one row, and says that it takes more."""
    x, y = tensor("x", Datatype.FP32, -1, 2), tensor("y", Datatype.FP32, -1, 2)
    first = helper.make_tensor("first", TensorProto.INT64, [1], [0])
    nodes = [helper.make_node("Squeeze", ["x", "first"], ["row"]), helper.make_node("Add", ["x", "row"], ["y"])]
    return SmallModel(
        name="alone",
        artifact=serialized(graph(nodes, [x], [y], [first])),
        inputs=(x,),
        outputs=(y,),
        golden=(({"x": [1.0, 2.0]}, {"y": [2.0, 4.0]}),),
    )


def toiling(trips: int) -> SmallModel:
    """Adds 1 to each row, after ``trips`` turns of a loop for each of them."""
    body = graph(
        [helper.make_node("Identity", ["go_on"], ["goes_on"]), helper.make_node("Add", ["count", "one"], ["counted"])],
        [tensor("step", Datatype.INT64), tensor("go_on", Datatype.BOOL), tensor("count", Datatype.INT64)],
        [tensor("goes_on", Datatype.BOOL), tensor("counted", Datatype.INT64)],
    )
    constants = [
        helper.make_tensor("yes", TensorProto.BOOL, [], [True]),
        helper.make_tensor("zero", TensorProto.INT64, [], [0]),
        helper.make_tensor("one", TensorProto.INT64, [], [1]),
        helper.make_tensor("trips", TensorProto.INT64, [], [trips]),
        helper.make_tensor("nothing", TensorProto.INT64, [], [0]),
    ]
    x, y = tensor("x", Datatype.INT64, -1), tensor("y", Datatype.INT64, -1)
    nodes = [
        helper.make_node("Size", ["x"], ["rows"]),
        helper.make_node("Mul", ["rows", "trips"], ["turns"]),
        helper.make_node("Loop", ["turns", "yes", "zero"], ["total"], body=body),
        helper.make_node("Mul", ["total", "nothing"], ["none"]),
        helper.make_node("Add", ["x", "one"], ["more"]),
        helper.make_node("Add", ["more", "none"], ["y"]),
    ]
    return SmallModel(
        name="toiling",
        artifact=serialized(graph(nodes, [x], [y], constants)),
        inputs=(x,),
        outputs=(y,),
        golden=(({"x": 3}, {"y": 4}),),
        fields={"prediction": {"task": "tensors"}, "serving": {"timeout_seconds": 1}},
    )


def hungry(count: int) -> SmallModel:
    """Makes so many numbers of 4 bytes, and adds them up."""
    n, total = tensor("n", Datatype.INT64, 1), tensor("total", Datatype.FP32, 1)
    one = helper.make_tensor("one", TensorProto.FLOAT, [1], [1.0])
    nodes = [
        helper.make_node("ConstantOfShape", ["n"], ["ones"], value=one),
        helper.make_node("ReduceSum", ["ones"], ["total"], keepdims=1),
    ]
    return SmallModel(
        name="hungry",
        artifact=serialized(graph(nodes, [n], [total])),
        inputs=(n,),
        outputs=(total,),
        golden=(({"n": [count]}, {"total": [float(count)]}),),
    )


def problems(examiners: Any, given: Any) -> dict[str, Problem]:
    """What each check says, by its name; at most one problem each."""
    found = {}
    for examiner in examiners:
        for problem in examiner.look(given):
            found[examiner.check.name] = problem
    return found


def shouting() -> SmallModel:
    """Upper case, in the locale that StringNormalizer has unless told otherwise."""
    x, y = tensor("x", Datatype.BYTES, 1), tensor("y", Datatype.BYTES, 1)
    node = helper.make_node("StringNormalizer", ["x"], ["y"], case_change_action="UPPER")
    return SmallModel(
        name="shouting",
        artifact=serialized(graph([node], [x], [y])),
        inputs=(x,),
        outputs=(y,),
        golden=(({"x": ["a"]}, {"y": ["A"]}),),
    )
