"""Keras models, run and exported by Keras' PyTorch backend."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.export import ExportedProgram

from cli.packaging.source import SourceRefused
from cli.packaging.sources.torch_export import first_line, quiet, trace
from cli.packaging.sources.torch_function import Parameter, TorchFunction
from cli.packaging.sources.torch_module import OUTPUT

if "keras" not in sys.modules:  # the backend is chosen once, by the first import
    os.environ["KERAS_BACKEND"] = "torch"
    os.environ.setdefault("KERAS_TORCH_DEVICE", "cpu")
with quiet():
    keras: Any = importlib.import_module("keras")


def from_file(file: Path) -> TorchFunction:
    """The source in a .keras file.

    It is opened in Keras' safe mode: what a file of this kind can hold of Python code, Lambda layers, is not run.

    Raises:
        SourceRefused: it cannot be opened, or is of a kind that cannot be served.
    """
    if keras.backend.backend() != "torch":
        message = f"{file}: Keras runs on {keras.backend.backend()} in this process; set KERAS_BACKEND=torch"
        raise SourceRefused(f"{message}, a saved model opens with any backend")
    try:
        with quiet():
            model = keras.models.load_model(file, compile=False, safe_mode=True)
    except Exception as error:  # noqa: BLE001 - it raises what its layers raise
        raise SourceRefused(f"{file}: {_unopened(error)}") from None
    try:
        return _opened(model)
    except SourceRefused as error:
        raise SourceRefused(f"{file}: {error}") from None


def from_object(model: object) -> TorchFunction | None:
    """The source of a Keras model; None for what is none.

    Raises:
        SourceRefused: it is one that cannot be served.
    """
    return _opened(model) if isinstance(model, keras.Model) else None


def _opened(model: Any) -> TorchFunction:
    if not getattr(model, "inputs", None):
        kind = type(model).__name__
        raise SourceRefused(
            f"{kind} does not say its inputs; save a functional model, or a Sequential one with an Input"
        )
    torch_version = torch.__version__.partition("+")[0]
    framework = f"Keras {keras.__version__} (PyTorch {torch_version})"
    return TorchFunction(_KerasModel(model), framework, ("keras", "torch", "onnxscript"))


def _unopened(error: Exception) -> str:
    told = str(error)
    if "safe_mode" in told or "Lambda" in told:
        return "holds a Lambda layer, which is code of one Python version; make a layer class or an operation of it"
    if "zip file" in told or "file signature" in told or "central directory" in told:
        return "cannot be opened as a Keras model: it is cut short, damaged or something else"
    if "Could not locate" in told or "register_keras_serializable" in told:
        return "needs a class of its own, which is not known here; build it of Keras' own layers"
    return f"cannot be opened as a Keras model: {first_line(error)}"


def _parameter(tensor: Any) -> Parameter:
    """Of one of a model's inputs."""
    if tensor.dtype == "string":
        raise SourceRefused(
            f"the model takes text as {tensor.name!r}, and PyTorch has none; encode it before the model"
        )
    if tensor.shape[0] is not None:
        raise SourceRefused(
            f"the model takes {tensor.shape[0]} rows only as {tensor.name!r}; build it without batch_size"
        )
    shape = tuple(-1 if axis is None else axis for axis in tensor.shape)
    return Parameter(name=tensor.name, dtype=np.dtype(tensor.dtype), shape=shape)


class _KerasModel:
    """A functional or sequential model: it says itself which axes are open."""

    kind = "the Keras model"
    most_rows: int | None = None

    def __init__(self, model: Any) -> None:
        self.module = model
        self.parameters = tuple(_parameter(tensor) for tensor in model.inputs)

    def __call__(self, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        given = [tensors[each.name] for each in self.parameters]
        sequential = isinstance(self.module, keras.Sequential)
        returned = self.module(
            given[0] if sequential else keras.tree.pack_sequence_as(self.module.input, given), training=False
        )
        flat = keras.tree.flatten(returned)
        names = (OUTPUT,) if len(flat) == 1 else self.module.output_names
        return dict(zip(names, flat, strict=True))

    def program(self, examples: Mapping[str, torch.Tensor]) -> ExportedProgram:
        axes = {
            each.name: {i for i, axis in enumerate(each.shape or ()) if axis == -1 and i > 0}
            for each in self.parameters
        }
        return trace(self, examples, axes)
