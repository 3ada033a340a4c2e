"""ONNX Runtime behind ``Tensor -> Tensor``. The only room that knows it, and numpy is its private matter.

A session opens bytes, never a path: what was checked is what is loaded. Every run has a deadline.
"""

from __future__ import annotations

import ctypes
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

# Both before the import: the wheel phones home by default, and a model's own metadata could set session options.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ.pop("ORT_LOAD_CONFIG_FROM_MODEL", None)

import numpy as np
import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as _state

from serin.errors import DeadlineExceeded, ModelRejectedInput, SerinError
from serin.protocol import Datatype, TensorMetadata
from serin.tensor import Tensor
from serin.watchdog import Watchdog

RUNTIME_VERSION: Final[str] = ort.__version__

_FATAL_ONLY: Final = 4  # ONNX Runtime's own log lines may quote the model and the input
# Sessions and runs have levels of their own; what is logged outside both, by allocators for instance, has this one.
ort.set_default_logger_severity(_FATAL_ONLY)

_DATATYPES: Final[dict[str, Datatype]] = {
    "tensor(bool)": Datatype.BOOL,
    "tensor(uint8)": Datatype.UINT8,
    "tensor(uint16)": Datatype.UINT16,
    "tensor(uint32)": Datatype.UINT32,
    "tensor(uint64)": Datatype.UINT64,
    "tensor(int8)": Datatype.INT8,
    "tensor(int16)": Datatype.INT16,
    "tensor(int32)": Datatype.INT32,
    "tensor(int64)": Datatype.INT64,
    "tensor(float16)": Datatype.FP16,
    "tensor(float)": Datatype.FP32,
    "tensor(double)": Datatype.FP64,
    "tensor(bfloat16)": Datatype.BF16,
    "tensor(string)": Datatype.BYTES,
}
_NUMPY: Final[dict[Datatype, np.dtype[Any]]] = {
    Datatype.BOOL: np.dtype("?"),
    Datatype.UINT8: np.dtype("<u1"),
    Datatype.UINT16: np.dtype("<u2"),
    Datatype.UINT32: np.dtype("<u4"),
    Datatype.UINT64: np.dtype("<u8"),
    Datatype.INT8: np.dtype("<i1"),
    Datatype.INT16: np.dtype("<i2"),
    Datatype.INT32: np.dtype("<i4"),
    Datatype.INT64: np.dtype("<i8"),
    Datatype.FP16: np.dtype("<f2"),
    Datatype.FP32: np.dtype("<f4"),
    Datatype.FP64: np.dtype("<f8"),
    Datatype.BF16: np.dtype("<u2"),
}
_ONNX_BFLOAT16: Final = 16  # TensorProto.DataType.BFLOAT16
_MOST_NUMPY_AXES: Final = 64
_DIVISIONS: Final = tuple(length + operator for length in (b'"\x03', b"\x03\0\0\0") for operator in (b"Div", b"Mod"))
"""How a node names its operator in ONNX's protobuf (NodeProto.op_type, field 4) and in the .ort flatbuffer."""

_WATCHDOG: Final = Watchdog()
_ORT_MAGIC: Final = b"ORTM"  # flatbuffer file identifier of the .ort format, at bytes 4 to 8

_ORT_ERRORS: Final[tuple[type[Exception], ...]] = (
    RuntimeError,
    ValueError,
    *(
        kind
        for kind in vars(_state).values()
        if isinstance(kind, type) and issubclass(kind, Exception) and kind.__module__ == _state.__name__
    ),
)
"""The binding's error classes have no common base."""


class ModelLoadError(SerinError):
    """ONNX Runtime cannot open these bytes, or they hold something that is not served."""

    code = "model_load_failed"


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How sessions run. ``threads``: intra-op threads of one run, at least 1."""

    threads: int = 1


class Session:
    """One opened model. Safe to call from several threads at once.

    ``divides``: some operator is a ``Div`` or a ``Mod``. In INT32 and INT64, the lowest number divided by -1 is
    a fault of the processor that ends the whole process, so such a model must not be given that number.
    """

    def __init__(self, session: ort.InferenceSession, *, divides: bool) -> None:
        self._session = session
        self.divides = divides
        self.inputs = tuple(_metadata(node) for node in session.get_inputs())
        self.outputs = tuple(_metadata(node) for node in session.get_outputs())
        tensors = (*self.inputs, *self.outputs)
        kinds = {tensor.datatype for tensor in tensors}
        beyond_numpy = Datatype.BF16 in kinds or max(len(tensor.shape) for tensor in tensors) > _MOST_NUMPY_AXES
        if beyond_numpy and Datatype.BYTES in kinds:
            raise ModelLoadError(
                f"string tensors are not served beside BF16 or more than {_MOST_NUMPY_AXES} axes; convert one of them"
            )
        self._run = self._run_values if beyond_numpy else self._run_arrays

    @classmethod
    def load(cls, artifact: bytes, options: EngineOptions, model_format: Literal["onnx", "ort"] = "onnx") -> Session:
        """Open a model.

        Args:
            artifact: The whole model file.
            options: Threads.
            model_format: What ``artifact`` must be; bytes of the other format are refused.

        Raises:
            ModelLoadError: not a model of this format, or one with types that are not served.
        """
        if (artifact[4:8] == _ORT_MAGIC) != (model_format == "ort"):
            raise ModelLoadError(f"the artifact's bytes are not of the declared format {model_format!r}")
        try:
            session = ort.InferenceSession(
                artifact, sess_options=_session_options(options, model_format), providers=["CPUExecutionProvider"]
            )
        except _ORT_ERRORS as error:
            raise ModelLoadError(f"ONNX Runtime {RUNTIME_VERSION} cannot open it: {error}") from None
        return cls(session, divides=any(division in artifact for division in _DIVISIONS))

    @classmethod
    def map(cls, path: str, options: EngineOptions, *, divides: bool | None = None) -> Session:
        """Open a trusted ``.ort`` file, memory-mapped; ``divides``: where it is known.

        Raises:
            ModelLoadError: not such a file, or one with types that are not served.
        """
        session_options = _session_options(options, "ort")
        session_options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        session_options.add_session_config_entry("session.use_memory_mapped_ort_model", "1")
        session_options.add_session_config_entry("session.use_ort_model_bytes_for_initializers", "1")
        try:
            session = ort.InferenceSession(path, sess_options=session_options, providers=["CPUExecutionProvider"])
        except _ORT_ERRORS as error:
            raise ModelLoadError(f"ONNX Runtime {RUNTIME_VERSION} cannot open it: {error}") from None
        return cls(session, divides=True if divides is None else divides)

    def run(self, inputs: Mapping[str, Tensor], outputs: Sequence[str], deadline: float) -> dict[str, Tensor]:
        """Run the model once.

        Args:
            inputs: One tensor for every input, of its datatype and rank.
            outputs: Names of the outputs that are wanted.
            deadline: ``time.monotonic()`` seconds at which the run is ended.

        Raises:
            ModelRejectedInput: the model failed on this input.
            DeadlineExceeded: it did not finish in time.
        """
        run_options = ort.RunOptions()
        run_options.log_severity_level = _FATAL_ONLY
        with _WATCHDOG.guard(deadline, run_options) as guard:
            try:
                return self._run(inputs, outputs, run_options)
            except _ORT_ERRORS:
                if guard.expired:
                    raise DeadlineExceeded("the model did not finish in time") from None
                raise ModelRejectedInput("the model cannot compute an answer for this input") from None

    def _run_arrays(
        self, inputs: Mapping[str, Tensor], outputs: Sequence[str], run_options: ort.RunOptions
    ) -> dict[str, Tensor]:
        feeds = {name: _array(tensor) for name, tensor in inputs.items()}
        results = self._session.run(list(outputs), feeds, run_options)
        return {name: _tensor(result) for name, result in zip(outputs, results, strict=True)}

    def _run_values(
        self, inputs: Mapping[str, Tensor], outputs: Sequence[str], run_options: ort.RunOptions
    ) -> dict[str, Tensor]:
        """By way of ``OrtValue``: numpy has no bfloat16, and no more than 64 axes."""
        feeds = {name: _value(tensor) for name, tensor in inputs.items()}
        results = self._session.run_with_ort_values(list(outputs), feeds, run_options)
        return {name: _tensor_of_value(result) for name, result in zip(outputs, results, strict=True)}


def _session_options(options: EngineOptions, model_format: str) -> ort.SessionOptions:
    session_options = ort.SessionOptions()
    session_options.intra_op_num_threads = options.threads
    session_options.inter_op_num_threads = 1
    session_options.log_severity_level = _FATAL_ONLY
    # Without the arena, memory that one large request took goes back at its end.
    session_options.enable_cpu_mem_arena = False
    session_options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session_options.add_session_config_entry("session.load_model_format", model_format.upper())
    return session_options


def _metadata(node: Any) -> TensorMetadata:
    if node.type not in _DATATYPES:
        raise ModelLoadError(f"{node.name!r} is a {node.type}; only dense tensors are served")
    shape = tuple(axis if isinstance(axis, int) else -1 for axis in node.shape)
    return TensorMetadata(name=node.name, datatype=_DATATYPES[node.type], shape=shape)


def _array(tensor: Tensor) -> np.ndarray[Any, Any]:
    """A view on the tensor's bytes, or for strings an object array of ``str``.

    Binary tensors begin at any byte of a request: one that is not aligned to its elements is copied.
    """
    if isinstance(tensor.data, list):
        array = np.empty(len(tensor.data), dtype=object)
        array[:] = [item.decode() for item in tensor.data]
    else:
        array = np.require(np.frombuffer(tensor.data, dtype=_NUMPY[tensor.datatype]), requirements="A")
    return array.reshape(tensor.shape)


_DATATYPE_OF: Final = {dtype: datatype for datatype, dtype in _NUMPY.items() if datatype is not Datatype.BF16}


def _tensor(array: Any) -> Tensor:
    if not isinstance(array, np.ndarray):  # sequences, maps and optionals are refused at load by their type
        raise ModelRejectedInput("the model answered something that is no tensor")
    if array.dtype == object:
        return Tensor(Datatype.BYTES, array.shape, [str(item).encode() for item in array.ravel()])
    return Tensor(_DATATYPE_OF[array.dtype], array.shape, array.tobytes())


def _value(tensor: Tensor) -> ort.OrtValue:
    """A copy, in memory that ONNX Runtime takes for the shape."""
    element_type = _ONNX_BFLOAT16 if tensor.datatype is Datatype.BF16 else _NUMPY[tensor.datatype]
    value = ort.OrtValue.ortvalue_from_shape_and_type(tensor.shape, element_type)
    data = b"".join(tensor.data) if isinstance(tensor.data, list) else bytes(tensor.data)
    ctypes.memmove(value.data_ptr(), data, min(len(data), value.tensor_size_in_bytes()))
    return value


def _tensor_of_value(value: ort.OrtValue) -> Tensor:
    # The value owns its memory and is alive here; the size is its own.
    data = ctypes.string_at(value.data_ptr(), value.tensor_size_in_bytes())
    return Tensor(_DATATYPES[value.data_type()], tuple(value.shape()), data)


def optimize(artifact: bytes, level: Literal["portable", "full"] = "portable") -> bytes:
    """``artifact``, an ``.onnx`` model, as an optimised ``.ort`` file for this version of ONNX Runtime.

    Raises:
        ModelLoadError: it cannot be opened.
    """
    levels = ort.GraphOptimizationLevel
    with tempfile.TemporaryDirectory() as folder:
        session_options = _session_options(EngineOptions(), "onnx")
        session_options.graph_optimization_level = (
            levels.ORT_ENABLE_ALL if level == "full" else levels.ORT_ENABLE_EXTENDED
        )
        session_options.optimized_model_filepath = os.path.join(folder, "model.ort")  # noqa: PTH118
        session_options.add_session_config_entry("session.save_model_format", "ORT")
        try:
            ort.InferenceSession(artifact, sess_options=session_options, providers=["CPUExecutionProvider"])
        except _ORT_ERRORS as error:
            raise ModelLoadError(f"ONNX Runtime {RUNTIME_VERSION} cannot open it: {error}") from None
        with open(session_options.optimized_model_filepath, "rb") as written:
            return written.read()
