"""Models that are functions of tensors, run by PyTorch: what PyTorch's own sources and Keras' have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import torch
from torch.export import ExportedProgram

from cli.packaging.features import Column, tensors_of
from cli.packaging.meaning import prediction_of
from cli.packaging.onnx_session import datatype_of
from cli.packaging.rows import Rows
from cli.packaging.source import Answers, Layout, SourceRefused
from cli.packaging.sources.torch_export import first_line, quiet, to_onnx
from serin.manifest import Prediction, TensorInput
from serin.protocol import Datatype

if TYPE_CHECKING:
    import onnx

    Array = np.ndarray[Any, Any]

FEATURES: Final = "features"
"""Name of the input that a table goes into."""

_ROWS_A_RUN: Final = 1000
_ROWS_JUDGED: Final = 1000
"""By which it is said what the outputs mean."""
_EXAMPLE_ROWS: Final = 3
"""Of a trace: neither 0 nor 1, which PyTorch takes for constants."""
_TABLE_TYPES: Final = (Datatype.FP32, Datatype.FP64)
_SINGLE: Final = np.dtype(np.float32)


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One tensor that a model takes.

    ``dtype``: as numpy has it; None takes integers and booleans as they are, and floats as ``floats``. ``shape``: with
    -1 for open axes, the first of them the rows; None for that of the data.
    """

    name: str
    dtype: np.dtype[Any] | None = None
    floats: np.dtype[Any] = _SINGLE
    shape: tuple[int, ...] | None = None
    required: bool = True

    def cast(self, values: Array) -> Array:
        """``values`` in the type that the model takes.

        Raises:
            SourceRefused: they are texts, or are not what they were in that type.
        """
        if datatype_of(values) in {None, Datatype.BYTES}:
            raise SourceRefused(f"array {self.name!r} is {values.dtype}; the model takes numbers and booleans alone")
        due = self.dtype or (self.floats if values.dtype.kind == "f" else values.dtype)
        if not np.can_cast(values.dtype, due, "same_kind"):
            raise SourceRefused(f"array {self.name!r} is {values.dtype}, and the model takes {due}")
        made: Array = values.astype(due, copy=False)
        if values.dtype.kind in "iu" and not np.array_equal(made, values):
            raise SourceRefused(
                f"array {self.name!r} holds numbers that are too large for {due}, which the model takes"
            )
        return made

    def datatype(self, values: Array) -> Datatype:
        """The protocol's datatype of what ``cast`` makes of ``values``."""
        cast = self.cast(values[:1])
        found = datatype_of(cast)
        if found is None:
            raise SourceRefused(f"the model takes {cast.dtype} as {self.name!r}, which no request can carry")
        return found


class Model(Protocol):
    """A model that takes tensors by name. ``kind``: what to call it, in errors. ``most_rows``: at once."""

    kind: str
    parameters: tuple[Parameter, ...]
    most_rows: int | None

    def __call__(self, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Outputs by name; SourceRefused where they are no tensors."""

    def program(self, examples: Mapping[str, torch.Tensor]) -> ExportedProgram:
        """Its program, with the inputs of ``examples`` in that order."""


class TorchFunction:
    """The source of such a model."""

    feature_names = None
    operators: tuple[str, ...] = ()

    def __init__(self, model: Model, framework: str, tools: tuple[str, ...]) -> None:
        self._model = model
        self.framework = framework
        self.tools = tools
        self.tensor_names: tuple[str, ...] | None = tuple(each.name for each in model.parameters)
        self.feature_count = _features(model.parameters)
        self._columns: tuple[str, ...] = ()
        self._examples: dict[str, torch.Tensor] = {}

    # --- What goes in ---------------------------------------------------------------------------------------

    def layout(self, columns: Sequence[Column], rows: Rows) -> Layout:
        """A table goes into one input, ``features``; arrays go into the inputs of their names."""
        if rows.table is not None:
            layout = self._table_layout(columns)
            self._columns = layout.columns[FEATURES]
        else:
            layout = self._array_layout(rows)
        some = self._given(rows.take(np.arange(_EXAMPLE_ROWS) % len(rows)))
        self._examples = {name: _twofold(torch.from_numpy(some[name]), self._shape_of(name)) for name in some}
        self._check_rows()
        return layout

    def _table_layout(self, columns: Sequence[Column]) -> Layout:
        parameter = self._table_parameter()
        texts = [column.name for column in columns if column.type == "string"]
        if texts:
            raise SourceRefused(
                f"column {texts[0]!r} holds text, and {self._model.kind} takes numbers; encode it first"
            )
        datatype = parameter.datatype(np.empty(0))
        if datatype not in _TABLE_TYPES:
            message = f"{self._model.kind} takes {datatype}; a table goes into FP32 or FP64"
            raise SourceRefused(f"{message}; save it in single precision, or give it an .npz file of arrays")
        names = tuple(column.name for column in columns)
        if self.feature_count not in {None, len(names)}:
            raise SourceRefused(f"the data has {len(names)} columns, and {self._model.kind} takes {self.feature_count}")
        return _layout_of(names, datatype)

    def _table_parameter(self) -> Parameter:
        required = [each for each in self._model.parameters if each.required] or list(self._model.parameters[:1])
        if len(required) > 1:
            taken = ", ".join(each.name for each in required)
            message = f"{self._model.kind} takes {len(required)} tensors, {taken}, and a table is one"
            raise SourceRefused(f"{message}; give it an .npz file with arrays of these names")
        return required[0]

    def _array_layout(self, rows: Rows) -> Layout:
        given, known = set(rows.tensors), {each.name for each in self._model.parameters}
        required = {each.name for each in self._model.parameters if each.required}
        if required - given or given - known:
            told, taken = ", ".join(sorted(given)), ", ".join(each.name for each in self._model.parameters)
            raise SourceRefused(f"{self._model.kind} takes {taken}, and the data's arrays are {told}; name them alike")
        inputs = []
        for parameter in self._model.parameters:
            if parameter.name not in given:
                continue
            values = rows.tensors[parameter.name]
            _check_shape(parameter, values)
            shape = parameter.shape or (-1, *values.shape[1:])
            inputs.append(TensorInput(name=parameter.name, datatype=parameter.datatype(values), shape=shape))
        return Layout(inputs=tuple(inputs))

    def _shape_of(self, name: str) -> tuple[int, ...]:
        parameter = next(each for each in self._model.parameters if each.name == name)
        return parameter.shape or ()

    def _given(self, rows: Rows) -> dict[str, Array]:
        """The rows' arrays by parameter, in that order; copies, as a model may write into what it is given."""
        if rows.table is None:
            known = [each for each in self._model.parameters if each.name in rows.tensors]
            return {each.name: np.array(each.cast(rows.tensors[each.name]), order="C") for each in known}
        parameter = self._table_parameter()
        names = self._columns or tuple(rows.table.columns)
        packed = tensors_of(rows.table, _layout_of(names, parameter.datatype(np.empty(0))))
        return {parameter.name: np.array(packed[FEATURES], order="C")}

    # --- What comes out -------------------------------------------------------------------------------------

    def prediction(self, rows: Rows) -> Prediction:
        """By the outputs' shapes and the target, as the model does not say it."""
        places = np.linspace(0, len(rows) - 1, min(len(rows), _ROWS_JUDGED)).round().astype(int)
        return prediction_of(self.answer(rows.take(places)).outputs, rows.target)

    def answer(self, rows: Rows) -> Answers:
        """By the model as it was trained, in evaluation mode."""
        given = {name: torch.from_numpy(values) for name, values in self._given(rows).items()}
        step = min(self._model.most_rows or _ROWS_A_RUN, _ROWS_A_RUN)
        parts = [
            self._run({name: values[start : start + step] for name, values in given.items()})
            for start in range(0, len(rows), step)
        ]
        return Answers(outputs={name: np.concatenate([part[name].numpy() for part in parts]) for name in parts[0]})

    def _run(self, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        try:
            with quiet(), torch.no_grad():
                outputs = self._model(tensors)
        except SourceRefused:
            raise
        except Exception as error:  # noqa: BLE001 - a model raises whatever its parts raise
            raise SourceRefused(f"{self._model.kind} does not answer these rows: {first_line(error)}") from None
        rows = len(next(iter(tensors.values())))
        for name, values in outputs.items():
            _check_output(name, values, rows)
        return {name: values.detach().cpu().contiguous() for name, values in outputs.items()}

    def _check_rows(self) -> None:
        """Whether it answers a row alone as it answers several: a squeeze() takes away an axis of one."""
        for count in (_EXAMPLE_ROWS, 1):
            self._run({name: values[:count] for name, values in self._examples.items()})

    def convert(self, layout: Layout) -> onnx.ModelProto:
        """By PyTorch's exporter."""
        outputs = tuple(self._run(self._examples))
        program = self._model.program(self._examples)
        return to_onnx(program, [tensor.name for tensor in layout.inputs], outputs)


def _layout_of(names: tuple[str, ...], datatype: Datatype) -> Layout:
    features = TensorInput(name=FEATURES, datatype=datatype, shape=(-1, len(names)))
    return Layout(inputs=(features,), columns={FEATURES: names})


def _features(parameters: tuple[Parameter, ...]) -> int | None:
    """The width of the only input, where it is [rows, features] of floats."""
    if len(parameters) != 1 or parameters[0].dtype is None or parameters[0].dtype.kind != "f":
        return None
    shape = parameters[0].shape or ()
    return shape[1] if len(shape) == 2 and shape[1] > 0 else None


def _check_shape(parameter: Parameter, values: Array) -> None:
    due = parameter.shape
    if due is None:
        return
    fits = len(due) == values.ndim and all(axis in {-1, size} for axis, size in zip(due, values.shape, strict=True))
    if not fits:
        message = f"array {parameter.name!r} is {list(values.shape)}, and the model takes {list(due)}"
        raise SourceRefused(f"{message}, -1 for any size")


def _check_output(name: str, values: torch.Tensor, rows: int) -> None:
    if values.ndim == 0 or len(values) != rows:
        message = f"output {name!r} is {list(values.shape)} for {rows} rows; its first axis has to be the rows"
        raise SourceRefused(f"{message}, for a single row too")
    if values.is_complex() or values.dtype is torch.bfloat16:
        raise SourceRefused(f"output {name!r} is {values.dtype}, which no answer can carry; return float32")


def _twofold(values: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    """``values`` with open axes of one element doubled: PyTorch takes an example's 1 for a constant."""
    for axis, size in enumerate(shape):
        if size == -1 and values.shape[axis] == 1:
            values = values.repeat_interleave(2, dim=axis)
    return values
