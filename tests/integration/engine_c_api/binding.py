"""ONNX Runtime's own Python binding, as the engine's reference."""

from __future__ import annotations

import ctypes
from typing import Any, Final

import numpy as np
import onnxruntime as ort

from serin.engine.metadata import DATATYPES
from serin.protocol import Datatype
from serin.tensor import Tensor
from tests.integration.engine_c_api.cases import NUMPY_TYPES, Feed

ort.set_default_logger_severity(4)

_SPELLINGS: Final = {
    Datatype.FP32: "float",
    Datatype.FP64: "double",
    Datatype.FP16: "float16",
    Datatype.BF16: "bfloat16",
    Datatype.BYTES: "string",
}
TYPES: Final = {f"tensor({_SPELLINGS.get(kind, kind.lower())})": kind for kind in DATATYPES.values()}
"""How the binding names the types that are served."""
_NUMBERS: Final = {datatype: number for number, datatype in DATATYPES.items()}


class CannotRun(Exception):
    """The binding cannot open the model, or run it on these inputs."""


class Reference:
    """One model, opened by the binding with the engine's options."""

    def __init__(self, artifact: bytes) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        options.enable_cpu_mem_arena = False
        try:
            self._session = ort.InferenceSession(artifact, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # noqa: BLE001 - the binding's errors have no common base
            raise CannotRun(str(error)) from None

    def is_served(self) -> bool:
        """Whether all inputs and outputs are dense tensors of a served datatype."""
        return all(part.type in TYPES for part in (*self._session.get_inputs(), *self._session.get_outputs()))

    def run(self, feeds: list[Feed]) -> list[Tensor]:
        """Every output, in the model's order."""
        try:
            if Datatype.BYTES in self._datatypes():
                arrays = self._session.run(None, {feed.name: _array(feed) for feed in feeds})
                return [_tensor_of_array(array) for array in arrays]
            names = [part.name for part in self._session.get_outputs()]
            values = {feed.name: _value(feed) for feed in feeds}
            return [_tensor_of_value(value) for value in self._session.run_with_ort_values(names, values)]
        except Exception as error:  # noqa: BLE001
            raise CannotRun(str(error)) from None

    def _datatypes(self) -> set[Datatype]:
        return {TYPES[part.type] for part in (*self._session.get_inputs(), *self._session.get_outputs())}


def _array(feed: Feed) -> Any:
    """The binding takes strings as numpy arrays alone."""
    if not isinstance(feed.data, list):
        return np.frombuffer(feed.data, NUMPY_TYPES[feed.datatype]).reshape(feed.shape)
    array = np.empty(len(feed.data), dtype=object)
    array[:] = [item.decode() for item in feed.data]
    return array.reshape(feed.shape)


def _tensor_of_array(array: Any) -> Tensor:
    if array.dtype == object:
        return Tensor(Datatype.BYTES, array.shape, [str(item).encode() for item in array.ravel()])
    (datatype,) = (kind for kind in NUMPY_TYPES if NUMPY_TYPES[kind] == array.dtype)
    return Tensor(datatype, array.shape, array.tobytes())


def _value(feed: Feed) -> Any:
    """The binding's numpy arrays have no bfloat16, and no more than 64 axes."""
    assert isinstance(feed.data, bytes)
    value = ort.OrtValue.ortvalue_from_shape_and_type(feed.shape, _NUMBERS[feed.datatype])
    ctypes.memmove(value.data_ptr(), feed.data, value.tensor_size_in_bytes())
    return value


def _tensor_of_value(value: Any) -> Tensor:
    data = ctypes.string_at(value.data_ptr(), value.tensor_size_in_bytes())
    return Tensor(TYPES[value.data_type()], tuple(value.shape()), data)
