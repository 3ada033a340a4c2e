"""A source that has gone all the way to a session."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from cli.packaging.features import Column, tensors_of
from cli.packaging.onnx_session import OnnxSession
from cli.packaging.rows import Rows
from cli.packaging.source import Layout
from cli.packaging.sources.torch_export import quiet
from cli.packaging.sources.torch_function import TorchFunction
from serin.admission import refuse_artifact
from serin.manifest import SCHEMA, Manifest, Prediction, TensorOutput


@dataclass(frozen=True, kw_only=True)
class Converted:
    """What packaging goes by."""

    source: TorchFunction
    layout: Layout
    prediction: Prediction
    model: onnx.ModelProto
    session: OnnxSession

    def apart(self, rows: Rows) -> float:
        """The largest absolute difference between the source's answers and the ONNX model's."""
        tensors = rows.tensors if rows.table is None else tensors_of(rows.table, self.layout)
        due, got = self.source.answer(rows).outputs, self.session.run(tensors)
        assert {name: values.dtype for name, values in due.items()} == {n: values.dtype for n, values in got.items()}
        assert {name: values.shape for name, values in due.items()} == {n: values.shape for n, values in got.items()}
        return max(float(np.abs(due[name].astype(float) - got[name].astype(float)).max()) for name in due)


def converted(source: TorchFunction, rows: Rows, columns: Sequence[Column] = ()) -> Converted:
    """The source's ONNX model, admitted and opened."""
    layout = source.layout(columns, rows)
    prediction = source.prediction(rows)
    model = source.convert(layout)
    session = OnnxSession(model.SerializeToString())
    manifest = Manifest(
        schema=SCHEMA,
        name="converted",
        version="1.0.0",
        inputs=layout.inputs,
        outputs=tuple(TensorOutput(name=o.name, datatype=o.datatype, shape=o.shape) for o in session.outputs),
        prediction=prediction,
    )
    refuse_artifact(Path("model.onnx"), model.SerializeToString(), manifest)
    return Converted(source=source, layout=layout, prediction=prediction, model=model, session=session)


def plain(model: onnx.ModelProto) -> bytes:
    """The model's bytes without what exporters note for people."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for part in [copy, copy.graph, *copy.graph.node, *copy.graph.input, *copy.graph.output, *copy.graph.initializer]:
        part.ClearField("doc_string")
        part.ClearField("metadata_props")
    return bytes(copy.SerializeToString(deterministic=True))


def saved_keras(model: Any, file: Path) -> Path:
    """The file of a Keras model; saving warns of numpy's newer protocol."""
    with quiet():
        model.save(file)
    return file


def cut_short(file: Path, place: Path) -> Path:
    """The first half of a file, at ``place``."""
    whole = io.BytesIO(file.read_bytes())
    place.write_bytes(whole.read(file.stat().st_size // 2))
    return place
