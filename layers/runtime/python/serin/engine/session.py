"""Opened models. Every run has a deadline."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

from serin.engine.c_api import OPTIMIZE_NOTHING
from serin.engine.environment import ENVIRONMENT
from serin.engine.handle import Handle
from serin.engine.library import API, RUNTIME_VERSION
from serin.engine.metadata import UnservedType, inputs_of, outputs_of
from serin.engine.options import EngineOptions, Opening, is_prepacked, mapped, session_options
from serin.engine.status import RuntimeFailure, check, made
from serin.engine.values import InvalidTensor
from serin.engine.workspace import Names, Workspace
from serin.errors import DeadlineExceeded, ModelRejectedInput, SerinError
from serin.operators import DIVISIONS, names_any
from serin.tensor import Tensor
from serin.watchdog import Watchdog

_ORT_MAGIC: Final = b"ORTM"  # flatbuffer file identifier of the .ort format, at bytes 4 to 8

_WATCHDOG: Final = Watchdog()


_REJECTED: Final = "the model cannot compute an answer for this input"


class ModelLoadError(SerinError):
    """ONNX Runtime cannot open these bytes, or they hold something that is not served."""

    code = "model_load_failed"


class Session:
    """One opened model. Safe to call from several threads at once.

    ``inputs`` and ``outputs``: its signature, in the model's order.

    ``divides``: some operator is a ``Div`` or a ``Mod``. In INT32 and INT64, the lowest number divided by -1 is
    a fault of the processor that ends the whole process, so such a model must not be given that number.
    """

    def __init__(self, handle: Handle, *, divides: bool) -> None:
        self._handle = handle
        self.divides = divides
        try:
            self.inputs = inputs_of(handle.address)
            self.outputs = outputs_of(handle.address)
        except UnservedType as error:
            raise ModelLoadError(f"{error}; only dense tensors are served") from None
        except RuntimeFailure as error:
            raise _not_opened(error) from None
        self._input_names = Names([tensor.name for tensor in self.inputs])
        self._output_names = Names([tensor.name for tensor in self.outputs])
        self._idle: list[Workspace] = []  # as many as there have been runs at once

    @classmethod
    def load(cls, artifact: bytes, options: EngineOptions, model_format: Literal["onnx", "ort"] = "onnx") -> Session:
        """Open a model from bytes, never from a path: what was checked is what is loaded. They are not kept.

        Args:
            artifact: The whole model file.
            options: Threads.
            model_format: What ``artifact`` must be; bytes of the other format are refused.

        Raises:
            ModelLoadError: not a model of this format, or one with types that are not served.
        """
        if (artifact[4:8] == _ORT_MAGIC) != (model_format == "ort"):
            raise ModelLoadError(f"the artifact's bytes are not of the declared format {model_format!r}")
        handle = open_artifact(artifact, Opening(options, {"session.load_model_format": model_format.upper()}))
        return cls(handle, divides=names_any(artifact, DIVISIONS))

    @classmethod
    def map(
        cls, path: str, options: EngineOptions, *, divides: bool | None = None, prepack: bool | None = None
    ) -> Session:
        """Open an ``.ort`` file that ``optimize`` wrote, in place: its weights are the file's pages in memory.

        It is not optimised again. The file must be trusted, for it is barely checked, and must not change while the
        session lives: put another in its place by renaming.

        Args:
            path: The file.
            options: Threads.
            divides: What ``Session.divides`` is, where it is known; otherwise the whole file is read for it.
            prepack: Whether weights are copied into the order that products read them in; unless it is known, as
                ``is_prepacked`` says of the whole file. What is computed from other weights differs by rounding.

        Raises:
            ModelLoadError: no ``.ort`` file, one of another version, or one with types that are not served.
        """
        try:
            with open(path, "rb") as file:
                begin = file.read(8)
                content = begin + file.read() if divides is None or prepack is None else begin
        except OSError as error:
            raise ModelLoadError(f"{path} cannot be read: {error.strerror}") from None
        if begin[4:] != _ORT_MAGIC:
            raise ModelLoadError(f"{path} is not of the format 'ort'")
        divides = names_any(content, DIVISIONS) if divides is None else divides
        entries = mapped(prepack=is_prepacked(content) if prepack is None else prepack)
        opening = Opening(options, entries, OPTIMIZE_NOTHING)
        return cls(_opened(opening, API.CreateSession, os.fsencode(path)), divides=divides)

    def run(self, inputs: Mapping[str, Tensor], outputs: Sequence[str], deadline: float) -> dict[str, Tensor]:
        """Run the model once.

        Args:
            inputs: One tensor for every input, of its datatype and rank. What a tensor's data points to must not
                change during the run.
            outputs: Names of the outputs that are wanted.
            deadline: ``time.monotonic()`` seconds at which the run is ended.

        Raises:
            ModelRejectedInput: the model failed on this input.
            DeadlineExceeded: it did not finish in time.
        """
        wanted = self._output_names
        if wanted.names != tuple(outputs):
            if not set(outputs) <= set(wanted.names):
                raise ModelRejectedInput(_REJECTED)
            wanted = Names(outputs)
        try:
            workspace = self._idle.pop()
        except IndexError:
            workspace = Workspace(self._handle.address, self._input_names, wanted)
        if workspace.outputs is not wanted:
            workspace.want(wanted)
        workspace.options.deadline = deadline
        try:
            results = _run(workspace, inputs)
        except BaseException as error:
            workspace.release()
            if isinstance(error, InvalidTensor | RuntimeFailure):
                raise ModelRejectedInput(_REJECTED) from None
            raise
        if not workspace.options.is_spent:
            self._idle.append(workspace)  # and not where something was raised
        return results


def _run(workspace: Workspace, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    workspace.put(inputs)
    options = workspace.options
    _WATCHDOG.watch(options)
    try:
        status = API.Run(*workspace.arguments)
    finally:
        options.is_spent = not _WATCHDOG.forget(options)
    if status is not None:
        if options.is_spent:
            API.ReleaseStatus(status)
            raise DeadlineExceeded("the model did not finish in time")
        check(status)
    return workspace.take()


def open_artifact(artifact: bytes, opening: Opening) -> Handle:
    """ONNX Runtime's session of a whole model file.

    Raises:
        ModelLoadError: it cannot be opened.
    """
    return _opened(opening, API.CreateSessionFromArray, artifact, len(artifact))


def _opened(opening: Opening, create: Callable[..., Any], *model: Any) -> Handle:
    try:
        settings = session_options(opening)
        return Handle(made(create, ENVIRONMENT.address, *model, settings.address), API.ReleaseSession)
    except RuntimeFailure as error:
        raise _not_opened(error) from None


def _not_opened(failure: RuntimeFailure) -> ModelLoadError:
    return ModelLoadError(f"ONNX Runtime {RUNTIME_VERSION} cannot open it: {failure}")
