"""Functions of tensors, written in PyTorch, as ONNX models.

By ``torch.export`` and the exporter that builds on it (``torch.onnx.export(dynamo=True)``), which follow the shapes of
tensors through the program: an axis that is said to be open is open, or the export fails.
"""

from __future__ import annotations

import contextlib
import io
import logging
import re
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import torch
from torch import nn
from torch.export import Dim, ExportedProgram

from cli.packaging.source import SourceRefused

if TYPE_CHECKING:
    import onnx

Function = Callable[[Mapping[str, torch.Tensor]], Mapping[str, torch.Tensor]]
"""Named tensors to named tensors; the first axis of each is the rows."""

OPSET: Final = 20
"""The exporter's own; another is made of it afterwards, by a second converter."""
BATCH: Final = "batch"

_MISSING_OPERATOR: Final = re.compile(r"No ONNX function found for <OpOverload\(op='([\w.]+)'")
_FAILED_OPERATOR: Final = re.compile(r"Error when translating node .*?target=torch\.ops\.([\w.]+)\]")
_LIBRARY: Final = (str(Path(torch.__file__).parent), str(Path(__file__).parents[2]))


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """PyTorch says what it does, and how it fails, by warnings, logs and prints: none of them gets out."""
    before = logging.root.manager.disable
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
        try:
            yield
        finally:
            logging.disable(before)


def trace(
    function: Function, examples: Mapping[str, torch.Tensor], open_axes: Mapping[str, set[int]]
) -> ExportedProgram:
    """The program of ``function``.

    Args:
        function: What to follow; in evaluation mode.
        examples: A tensor for each input, of three rows.
        open_axes: By input, the axes beside the first that are open.

    Raises:
        SourceRefused: it cannot be followed, or fixes an axis that is to be open; the line says where.
    """
    batch = Dim(BATCH)
    axes = {
        name: {axis: batch if axis == 0 else Dim.DYNAMIC for axis in {0} | open_axes.get(name, set())}
        for name in examples
    }
    module = _Positional(function, tuple(examples)).eval()
    try:
        with quiet(), torch.no_grad():
            return torch.export.export(
                module, tuple(examples.values()), dynamic_shapes=(tuple(axes[name] for name in examples),)
            )
    except Exception as error:  # noqa: BLE001 - whatever the model's code raises
        raise SourceRefused(f"PyTorch cannot export the model{_place(error)}: {_untraceable(error)}") from None


class _Positional(nn.Module):
    """A function with its inputs in order, its outputs as a tuple."""

    def __init__(self, function: Function, names: tuple[str, ...]) -> None:
        super().__init__()
        self._function = function
        self._names = names
        if isinstance(owner := getattr(function, "module", None), nn.Module):
            self.owner = owner  # its weights are the program's, not constants in it

    def forward(self, *tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(self._function(dict(zip(self._names, tensors, strict=True))).values())


def to_onnx(program: ExportedProgram, inputs: Sequence[str], outputs: Sequence[str]) -> onnx.ModelProto:
    """The ONNX model of a program, its inputs and outputs called so.

    Raises:
        SourceRefused: an operator has no counterpart, or an output does not have the rows as its first axis.
    """
    try:
        with quiet(), torch.no_grad():
            exported = torch.onnx.export(
                program,
                dynamo=True,
                opset_version=OPSET,
                input_names=list(inputs),
                output_names=list(outputs),
                verbose=False,
            )
            model: onnx.ModelProto = cast("torch.onnx.ONNXProgram", exported).model_proto
    except Exception as error:  # noqa: BLE001 - the exporter raises what its parts raise
        raise SourceRefused(f"PyTorch cannot turn the model into ONNX: {_unconverted(error)}") from None
    _name_axes(model)
    for output in model.graph.output:
        axes = output.type.tensor_type.shape.dim
        if not axes or axes[0].HasField("dim_value"):
            raise SourceRefused(
                f"output {output.name!r} does not have the rows as its first axis; return one entry a row"
            )
    return model


def _name_axes(model: onnx.ModelProto) -> None:
    """Open axes by where they come in, instead of PyTorch's numbers for them; sizes computed from them go unnamed."""
    names: dict[str, str] = {}
    for value in model.graph.input:
        for i, axis in enumerate(value.type.tensor_type.shape.dim):
            if axis.dim_param:
                axis.dim_param = names.setdefault(axis.dim_param, BATCH if i == 0 else f"{value.name}_{i}")
    for value in model.graph.output:
        for i, axis in enumerate(value.type.tensor_type.shape.dim):
            if axis.dim_param and axis.dim_param in names:
                axis.dim_param = names[axis.dim_param]
            elif axis.dim_param:
                axis.dim_param = f"{value.name}_{i}"
    del model.graph.value_info[:]


# --- What went wrong, in one line -----------------------------------------------------------------------------


def first_line(error: BaseException) -> str:
    """The first line of what an error says, or its type where it says nothing."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(" :.") if lines else type(error).__name__


def _place(error: BaseException) -> str:
    """Where in the model's own code it was raised."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(_LIBRARY)]
    return f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""


def _untraceable(error: BaseException) -> str:
    line = first_line(error)
    if f"Constraints violated ({BATCH}" in line:
        return "it works for one number of rows only; take the number from the input, x.shape[0], or write -1"
    if "Constraints violated" in line:
        return "it works for one length of an open axis only; take the length from the input's shape"
    if "data-dependent" in line:
        return "what it does next depends on the values in a tensor; use torch.where or torch.cond"
    return line


def _unconverted(error: BaseException) -> str:
    told = str(error)
    if missing := _MISSING_OPERATOR.search(told):
        return f"the operator {missing[1]} has no counterpart; compute it another way"
    if failed := _FAILED_OPERATOR.search(told):
        return f"its converter fails at the operator {failed[1]}"
    return first_line(error)
