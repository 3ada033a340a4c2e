"""PyTorch's modules and exported programs."""

from __future__ import annotations

import inspect
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import nn
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind, TensorArgument
from torch.utils._pytree import tree_unflatten

from cli.packaging.source import SourceRefused
from cli.packaging.sources.torch_export import first_line, quiet, trace
from cli.packaging.sources.torch_function import Parameter, TorchFunction

OUTPUT: Final = "output"
"""Name of the only output of a module that gives it none; of several, with their numbers."""

_TOOLS: Final = ("torch", "onnxscript")
_EXPORT: Final = "torch.export.save(torch.export.export(...), 'model.pt2')"


def from_file(file: Path) -> TorchFunction:
    """The source in a file of ``torch.export.save`` (.pt2), or of ``torch.save`` with a whole module (.pt, .pth).

    Raises:
        SourceRefused: it cannot be opened, or holds something else.
    """
    try:
        source = _opened(_exported(file) if file.suffix.lower() == ".pt2" else _saved(file))
    except SourceRefused as error:
        raise SourceRefused(f"{file}: {error}") from None
    if source is None:
        raise SourceRefused(f"{file}: holds no module; save the module itself, or {_EXPORT}")
    return source


def from_object(model: object) -> TorchFunction | None:
    """The source of a module or an exported program; None for what is neither.

    Raises:
        SourceRefused: it is one that cannot be served.
    """
    return _opened(model)


def _opened(model: object) -> TorchFunction | None:
    framework = f"PyTorch {torch.__version__.partition('+')[0]}"
    if isinstance(model, ExportedProgram):
        return TorchFunction(_Program(model), framework, _TOOLS)
    if isinstance(model, torch.jit.ScriptModule):
        raise SourceRefused(f"holds TorchScript, which PyTorch no longer exports; save the module itself, or {_EXPORT}")
    if isinstance(model, nn.Module):
        return TorchFunction(_Module(model), framework, _TOOLS)
    if isinstance(model, Mapping) and any(isinstance(value, torch.Tensor | Mapping) for value in model.values()):
        raise SourceRefused(
            f"holds weights (a state_dict or checkpoint) without their module; save it whole, or {_EXPORT}"
        )
    return None


def _exported(file: Path) -> object:
    try:
        with quiet():
            return torch.export.load(file)
    except Exception as error:  # noqa: BLE001 - it raises what its parts raise
        raise _damaged(error, "exported program") from None


def _saved(file: Path) -> object:
    try:
        with quiet():
            return torch.load(file, map_location="cpu", weights_only=False)
    except (AttributeError, ModuleNotFoundError) as error:
        reason = first_line(error)
        message = f"its class is not found ({reason}); put the file that defines it on PYTHONPATH"
        raise SourceRefused(f"{message}, or {_EXPORT}, which needs no class") from None
    except Exception as error:  # noqa: BLE001 - a pickle raises whatever its content raises
        raise _damaged(error, "module") from None


def _damaged(error: Exception, kind: str) -> SourceRefused:
    known = (zipfile.BadZipFile, pickle.UnpicklingError, EOFError)
    damaged = isinstance(error, known) or "zip archive" in str(error)
    reason = "it is cut short, damaged or something else" if damaged else first_line(error)
    return SourceRefused(f"cannot be opened as a saved {kind}: {reason}")


def named_outputs(returned: object) -> dict[str, torch.Tensor]:
    """What a model returns, by name: a dictionary's own names, or ``output``, or ``output_0`` and so on.

    Raises:
        SourceRefused: it is something else than tensors.
    """
    if isinstance(returned, torch.Tensor):
        named: dict[str, object] = {OUTPUT: returned}
    elif isinstance(returned, Mapping):
        named = {str(name): value for name, value in returned.items() if value is not None}
    elif isinstance(returned, tuple | list):
        named = {f"{OUTPUT}_{i}": value for i, value in enumerate(returned)}
    else:
        named = {OUTPUT: returned}
    found = {name: value for name, value in named.items() if isinstance(value, torch.Tensor)}
    other = next((name for name in named if name not in found), None)
    if other is not None or not found:
        kind = "nothing" if other is None else type(named[other]).__name__
        raise SourceRefused(
            f"the model returns {kind} as {other or OUTPUT!r}; return tensors, a tuple or a dict of them"
        )
    return found


class _Module:
    """A module, called by the names of its forward()'s parameters."""

    kind = "the module's forward()"
    most_rows: int | None = None

    def __init__(self, module: nn.Module) -> None:
        self.module = module.eval().requires_grad_(requires_grad=False)
        floats = _floats_of(module)
        taken = [
            each
            for each in inspect.signature(module.forward).parameters.values()
            if each.kind not in {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
        ]
        if not taken:
            raise SourceRefused("the module's forward() names none of its inputs; give its parameters names")
        self.parameters = tuple(
            Parameter(name=each.name, floats=floats, required=each.default is inspect.Parameter.empty) for each in taken
        )

    def __call__(self, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return named_outputs(self.module(**tensors))

    def program(self, examples: Mapping[str, torch.Tensor]) -> ExportedProgram:
        return trace(self, examples, {})


def _floats_of(module: nn.Module) -> np.dtype[Any]:
    """The type of the first of its weights that are floats; single precision where it has none."""
    dtypes = [tensor.dtype for tensor in [*module.parameters(), *module.buffers()] if tensor.is_floating_point()]
    return _numpy_type(dtypes[0]) if dtypes else np.dtype(np.float32)


def _numpy_type(dtype: torch.dtype) -> np.dtype[Any]:
    try:
        return torch.empty(0, dtype=dtype).numpy().dtype
    except TypeError:
        raise SourceRefused(f"the model computes in {dtype}; save it in single precision, model.float()") from None


class _Program:
    """An exported program: it says itself which axes are open."""

    kind = "the exported program"

    def __init__(self, program: ExportedProgram) -> None:
        self._program = program
        self._call = program.module()
        self.parameters = tuple(_parameters(program))
        self.most_rows = _most_rows(program)

    def __call__(self, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        given = [tensors[each.name] for each in self.parameters]
        args, kwargs = tree_unflatten(given, self._program.call_spec.in_spec)
        return named_outputs(self._call(*args, **kwargs))

    def program(self, examples: Mapping[str, torch.Tensor]) -> ExportedProgram:  # noqa: ARG002 - it has its own
        return self._program


def _inputs(program: ExportedProgram) -> list[torch.fx.Node]:
    """The nodes that stand for what it is called with."""
    nodes = {node.name: node for node in program.graph.nodes if node.op == "placeholder"}
    specs = [spec for spec in program.graph_signature.input_specs if spec.kind is InputKind.USER_INPUT]
    other = next((spec.arg for spec in specs if not isinstance(spec.arg, TensorArgument)), None)
    if other is not None:
        raise SourceRefused(f"the exported program takes {other.name!r}, which is no tensor; export it without")
    return [nodes[spec.arg.name] for spec in specs]


def _parameters(program: ExportedProgram) -> list[Parameter]:
    found = []
    for node in _inputs(program):
        value = node.meta["val"]
        shape = tuple(axis if isinstance(axis, int) else -1 for axis in value.shape)
        if not shape or shape[0] != -1:
            message = f"the exported program takes {list(shape)} as {node.name!r}, so one number of rows only"
            raise SourceRefused(f"{message}; export it with dynamic_shapes={{{node.name!r}: {{0: Dim('batch')}}}}")
        found.append(Parameter(name=node.name, dtype=_numpy_type(value.dtype), shape=shape))
    if not found:
        raise SourceRefused("the exported program takes no tensor")
    return found


def _most_rows(program: ExportedProgram) -> int | None:
    """The largest first axis that it was exported for; None where there is no bound."""
    axes = [node.meta["val"].shape[0].node.expr for node in _inputs(program)]
    bounds = [program.range_constraints[axis].upper for axis in axes if axis in program.range_constraints]
    return min((int(bound) for bound in bounds if bound.is_Integer), default=None)
