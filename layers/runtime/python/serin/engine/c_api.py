"""ONNX Runtime's C API: which functions are used, where they stand in its table, and what they take.

Source: ``struct OrtApi`` in ``onnxruntime_c_api.h``. The table only ever grows at its end, so an index holds for every
later version. ctypes cannot check a prototype against the library: a wrong line here is a crash. So each index was
computed by a C compiler from the header (``offsetof``), and each function is called by a test that knows its answer.
"""

from __future__ import annotations

from collections.abc import Callable
from ctypes import CFUNCTYPE, PYFUNCTYPE, c_char_p, c_int, c_size_t, c_void_p, sizeof
from typing import Any, Final, NamedTuple

API_VERSION: Final = 24
"""The earliest version of the table that holds every function below."""

LOG_FATAL_ONLY: Final = 4  # OrtLoggingLevel
TYPE_TENSOR: Final = 1  # ONNXType
OPTIMIZE_NOTHING: Final = 0  # GraphOptimizationLevel
OPTIMIZE_EXTENDED: Final = 2
OPTIMIZE_ALL: Final = 99
DEVICE_ALLOCATOR: Final = 0  # OrtAllocatorType: no arena
DEFAULT_MEMORY: Final = 0  # OrtMemType

_POINTER: Final = c_void_p
"""Every pointer, to an object or to where a result goes: an address as int, or a ctypes array or reference."""


class Function(NamedTuple):
    """One function: its place in the table and its types.

    ``waits``: it may take long, so the interpreter's lock is given up while it runs.
    """

    position: int
    arguments: tuple[Any, ...]
    result: Any = c_void_p  # OrtStatus*, None for success
    waits: bool = False


FUNCTIONS: Final[dict[str, Function]] = {
    "GetErrorMessage": Function(2, (_POINTER,), c_char_p),
    "CreateEnv": Function(3, (c_int, c_char_p, _POINTER), waits=True),
    "DisableTelemetryEvents": Function(6, (_POINTER,)),
    "CreateSession": Function(7, (_POINTER, c_char_p, _POINTER, _POINTER), waits=True),
    "CreateSessionFromArray": Function(8, (_POINTER, c_char_p, c_size_t, _POINTER, _POINTER), waits=True),
    "CreateSessionOptions": Function(10, (_POINTER,)),
    "SetOptimizedModelFilePath": Function(11, (_POINTER, c_char_p)),
    "DisableCpuMemArena": Function(19, (_POINTER,)),
    "SetSessionLogSeverityLevel": Function(22, (_POINTER, c_int)),
    "SetSessionGraphOptimizationLevel": Function(23, (_POINTER, c_int)),
    "SetIntraOpNumThreads": Function(24, (_POINTER, c_int)),
    "SetInterOpNumThreads": Function(25, (_POINTER, c_int)),
    "SessionGetInputCount": Function(30, (_POINTER, _POINTER)),
    "SessionGetOutputCount": Function(31, (_POINTER, _POINTER)),
    "SessionGetInputTypeInfo": Function(33, (_POINTER, c_size_t, _POINTER)),
    "SessionGetOutputTypeInfo": Function(34, (_POINTER, c_size_t, _POINTER)),
    "SessionGetInputName": Function(36, (_POINTER, c_size_t, _POINTER, _POINTER)),
    "SessionGetOutputName": Function(37, (_POINTER, c_size_t, _POINTER, _POINTER)),
    "CreateRunOptions": Function(39, (_POINTER,)),
    "RunOptionsSetRunLogSeverityLevel": Function(41, (_POINTER, c_int)),
    "RunOptionsSetTerminate": Function(46, (_POINTER,)),
    "CreateTensorAsOrtValue": Function(48, (_POINTER, _POINTER, c_size_t, c_int, _POINTER)),
    "CreateTensorWithDataAsOrtValue": Function(49, (_POINTER, _POINTER, c_size_t, _POINTER, c_size_t, c_int, _POINTER)),
    "FillStringTensor": Function(52, (_POINTER, _POINTER, c_size_t)),
    "GetStringTensorDataLength": Function(53, (_POINTER, _POINTER)),
    "GetStringTensorContent": Function(54, (_POINTER, _POINTER, c_size_t, _POINTER, c_size_t)),
    "CastTypeInfoToTensorInfo": Function(55, (_POINTER, _POINTER)),
    "GetOnnxTypeFromTypeInfo": Function(56, (_POINTER, _POINTER)),
    "GetTensorElementType": Function(60, (_POINTER, _POINTER)),
    "GetDimensionsCount": Function(61, (_POINTER, _POINTER)),
    "GetDimensions": Function(62, (_POINTER, _POINTER, c_size_t)),
    "CreateCpuMemoryInfo": Function(69, (c_int, c_int, _POINTER)),
    "AllocatorFree": Function(76, (_POINTER, _POINTER)),
    "GetAllocatorWithDefaultOptions": Function(78, (_POINTER,)),
    "ReleaseStatus": Function(93, (_POINTER,), None),
    "ReleaseSession": Function(95, (_POINTER,), None, waits=True),
    "ReleaseValue": Function(96, (_POINTER,), None),
    "ReleaseRunOptions": Function(97, (_POINTER,), None),
    "ReleaseTypeInfo": Function(98, (_POINTER,), None),
    "ReleaseSessionOptions": Function(100, (_POINTER,), None),
    "AddSessionConfigEntry": Function(130, (_POINTER, c_char_p, c_char_p)),
    "GetResizedStringTensorElementBuffer": Function(252, (_POINTER, c_size_t, c_size_t, _POINTER)),
    # These three are called with prepared ctypes objects alone, which need no prototype, and no conversion by one.
    # Session, run options, input names, inputs, their count, output names, their count, outputs:
    "Run": Function(9, (), waits=True),
    # Value, data:
    "GetTensorMutableData": Function(51, ()),
    # Value, element type, axes, number of axes:
    "GetTensorElementTypeAndShapeDataReference": Function(414, ()),
}


class Api:
    """The functions by name: ``api.CreateEnv(...)``. Each is made when it is first asked for."""

    def __init__(self, table: int) -> None:
        """``table``: address of an ``OrtApi`` of at least ``API_VERSION``."""
        self._table = table

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in FUNCTIONS:
            raise AttributeError(name)
        function = FUNCTIONS[name]
        # A function of Python's own kind keeps the lock: for a short call, cheaper than to give it up.
        prototype = (CFUNCTYPE if function.waits else PYFUNCTYPE)(function.result, *function.arguments)
        address = c_void_p.from_address(self._table + function.position * sizeof(c_void_p)).value
        call: Callable[..., Any] = prototype(address)  # type: ignore[arg-type]
        setattr(self, name, call)
        return call
