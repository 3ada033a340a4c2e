"""Models that are ONNX already. What they are compared with is themselves, as ONNX Runtime runs them unoptimised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import onnx

from cli.packaging.features import Column
from cli.packaging.first_opening import open_first
from cli.packaging.meaning import prediction_of
from cli.packaging.onnx_session import OnnxSession, datatype_of
from cli.packaging.rows import Rows
from cli.packaging.source import Answers, Layout, SourceRefused
from serin.admission import NotAdmitted, refuse_artifact
from serin.engine import RUNTIME_VERSION
from serin.errors import ModelFolderError, SerinError
from serin.manifest import Manifest, Prediction, TensorInput, TensorOutput, Tensors
from serin.protocol import Datatype, TensorMetadata


def from_file(file: Path) -> OnnxFile:
    """The source in an .onnx file.

    Raises:
        SourceRefused: it is no ONNX model, or not one that may be opened.
    """
    data = file.read_bytes()
    stand_in = Manifest(
        schema="serin/model/v1",
        name="source",
        version="1.0.0",
        inputs=(TensorInput(name="x", datatype=Datatype.FP32, shape=(-1,)),),
        outputs=(TensorOutput(name="y", datatype=Datatype.FP32, shape=(-1,)),),
        prediction=Tensors(),
    )
    try:
        refuse_artifact(file, data, stand_in)
        signature = open_first(file)
    except NotAdmitted as error:
        raise SourceRefused(str(error.findings[0])) from None
    except ModelFolderError as error:
        raise SourceRefused(error.message) from None
    for tensor in signature.inputs:
        if tensor.shape[:1] != (-1,):
            message = f"input {tensor.name!r} is {list(tensor.shape)}, with no open axis for the rows"
            raise SourceRefused(f"{file}: {message}; export the model with one as its first")
    return OnnxFile(data)


class OnnxFile:
    """A model in ONNX's own format."""

    tools: tuple[str, ...] = ("onnx",)
    operators: tuple[str, ...] = ()

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._session = OnnxSession(data)
        self._wide = _one_wide_input(self._session.inputs)
        self.framework = f"ONNX (ONNX Runtime {RUNTIME_VERSION})"
        self.feature_count = self._wide
        names = tuple(tensor.name for tensor in self._session.inputs)
        self.tensor_names: tuple[str, ...] | None = names
        self.feature_names = None if self._wide else names

    def layout(self, columns: Sequence[Column], rows: Rows) -> Layout:
        """The graph's own inputs; a table goes into the one that is as wide as it, or column by column by name."""
        inputs = tuple(
            TensorInput(name=tensor.name, datatype=tensor.datatype, shape=tensor.shape)
            for tensor in self._session.inputs
        )
        if rows.table is None:
            _refuse_arrays(inputs, rows)
            return Layout(inputs=inputs)
        packed: dict[str, tuple[str, ...]] = {tensor.name: (tensor.name,) for tensor in inputs}
        if self._wide:
            packed = {inputs[0].name: tuple(column.name for column in columns)}
        _refuse_columns(inputs, columns, packed)
        return Layout(inputs=inputs, columns=packed)

    def prediction(self, rows: Rows) -> Prediction:
        """By the outputs' shapes and the target's values: an ONNX graph does not say what it means."""
        return prediction_of(self.answer(rows).outputs, rows.target)

    def answer(self, rows: Rows) -> Answers:
        """Every output that is served."""
        try:
            return Answers(outputs=self._session.run(rows.tensors))
        except SerinError as error:
            raise SourceRefused(f"the model does not answer these rows: {error.message}") from None

    def convert(self, layout: Layout) -> onnx.ModelProto:  # noqa: ARG002 - it has its inputs
        """The model itself."""
        return onnx.load_from_string(self._data)


def _refuse_arrays(inputs: Sequence[TensorInput], rows: Rows) -> None:
    for tensor in inputs:
        if tensor.name not in rows.tensors:
            raise SourceRefused(f"the model has an input {tensor.name!r}, and the data no array of this name")
        values = rows.tensors[tensor.name]
        given = datatype_of(values)
        if given != tensor.datatype:
            raise SourceRefused(f"array {tensor.name!r} is {given or 'of no known type'}, the input {tensor.datatype}")
        if len(tensor.shape) != values.ndim or any(
            axis not in {-1, length} for axis, length in zip(tensor.shape[1:], values.shape[1:], strict=True)
        ):
            raise SourceRefused(f"array {tensor.name!r} is {list(values.shape)}, the input {list(tensor.shape)}")


def _refuse_columns(
    inputs: Sequence[TensorInput], columns: Sequence[Column], packed: Mapping[str, tuple[str, ...]]
) -> None:
    types = {column.name: column.type for column in columns}
    for tensor in inputs:
        if tensor.shape[1:] not in {(), (len(packed[tensor.name]),)}:
            message = f"input {tensor.name!r} of shape {list(tensor.shape)} takes no column of a table"
            raise SourceRefused(f"{message}; give an .npz file with an array of this name")
        for name in packed[tensor.name]:
            if not _goes_into(types[name], tensor.datatype):
                raise SourceRefused(
                    f"column {name!r} is {types[name]}, and the input {tensor.name!r} {tensor.datatype}"
                )


def _goes_into(kind: str, datatype: Datatype) -> bool:
    if kind == "string" or datatype is Datatype.BYTES:
        return kind == "string" and datatype is Datatype.BYTES
    return datatype.is_float or kind in {"int", "bool"}


def _one_wide_input(inputs: Sequence[TensorMetadata]) -> int | None:
    """Features of a model whose only input is [rows, features] of numbers."""
    if len(inputs) != 1 or not inputs[0].datatype.is_float or len(inputs[0].shape) != 2:
        return None
    return inputs[0].shape[1] if inputs[0].shape[0] == -1 and inputs[0].shape[1] > 0 else None
