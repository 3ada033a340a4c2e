"""A stand-in for a trained model whose answers are arithmetic, and small data for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
import pandas as pd
from onnx import helper

from cli.packaging.features import Column
from cli.packaging.rows import Rows
from cli.packaging.source import Answers, Layout, SourceRefused
from serin.manifest import (
    SCHEMA,
    Classification,
    Feature,
    Manifest,
    Prediction,
    Regression,
    TensorInput,
    TensorOutput,
    Tolerance,
)
from serin.protocol import Datatype
from tests.small_models.graphs import IR_VERSION, OPSET

Array = np.ndarray[Any, Any]

HALVES = Classification(scores="p", labels=("no", "yes"), positive="yes", threshold=0.5)
VALUE = Regression(value="y")


@dataclass(kw_only=True)
class Arithmetic:
    """A ``Source`` that answers by ``function`` of a row's cells. ``refuses``: it fails where a cell is that."""

    function: Callable[[list[Any]], float] = field(default=lambda cells: float(cells[0]))
    refuses: Callable[[Any], bool] = field(default=lambda _: False)
    framework: str = "arithmetic 1.0"
    tools: tuple[str, ...] = ()
    feature_names: tuple[str, ...] | None = None
    feature_count: int | None = None
    tensor_names: tuple[str, ...] | None = None
    operators: tuple[str, ...] = ()

    def layout(self, columns: Sequence[Column], rows: Rows) -> Layout:
        inputs = tuple(
            TensorInput(
                name=column.name, datatype=Datatype.BYTES if column.type == "string" else Datatype.FP32, shape=(-1, 1)
            )
            for column in columns
        )
        return Layout(inputs=inputs, columns={column.name: (column.name,) for column in columns})

    def prediction(self, rows: Rows) -> Prediction:
        return VALUE

    def answer(self, rows: Rows) -> Answers:
        assert rows.table is not None
        cells = rows.table.astype(object).to_numpy().tolist()
        if any(self.refuses(cell) for row in cells for cell in row):
            raise SourceRefused("it fails on these rows")
        return Answers(outputs={"y": np.array([[self.function(row)] for row in cells], dtype=np.float64)})

    def convert(self, layout: Layout) -> onnx.ModelProto:
        return graph_of([helper.make_node("Identity", [layout.inputs[0].name], ["y"])], [layout.inputs[0].name], ["y"])


def graph_of(
    nodes: Sequence[onnx.NodeProto],
    inputs: Sequence[str],
    outputs: Sequence[str],
    constants: Sequence[onnx.TensorProto] = (),
    *,
    width: int = 1,
) -> onnx.ModelProto:
    """A model of single-precision tensors [rows, width]."""
    values = {
        name: helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n", width]) for name in (*inputs, *outputs)
    }
    graph = helper.make_graph(
        list(nodes), "g", [values[name] for name in inputs], [values[name] for name in outputs], list(constants)
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)


def manifest_of(
    prediction: Prediction = VALUE, *, features: Sequence[Feature] = (), tolerance: Tolerance | None = None
) -> Manifest:
    """A manifest with one input for ``features``, and the outputs that ``prediction`` names."""
    width = len(prediction.labels) if isinstance(prediction, Classification) else 1
    name = prediction.scores if isinstance(prediction, Classification) else "y"
    return Manifest(
        schema=SCHEMA,
        name="small",
        version="1.0.0",
        features=tuple(features),
        inputs=(TensorInput(name="x", datatype=Datatype.FP32, shape=(-1, max(1, len(features)))),),
        outputs=(
            TensorOutput(name=name, datatype=Datatype.FP32, shape=(-1, width), tolerance=tolerance or Tolerance()),
        ),
        prediction=prediction,
    )


def halves(*positive: float) -> Array:
    """Probabilities of two labels, from those of the second."""
    return np.array([[1 - share, share] for share in positive])


def people() -> pd.DataFrame:
    """40 rows: whole numbers, numbers some of which are missing, texts, truths."""
    return pd.DataFrame(
        {
            "age": list(range(20, 60)),
            "height": [None, *(1.5 + i / 100 for i in range(39))],
            "city": ["Århus", "Brest", "Brest", "no"] * 10,
            "member": [True, False] * 20,
        }
    )
