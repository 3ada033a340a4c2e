"""ONNX models run on arrays, by the engine that serves them."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from serin.engine import EngineOptions, Session
from serin.protocol import Datatype, TensorMetadata
from serin.tensor import Tensor

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_ROWS_A_RUN: Final = 1000
_SECONDS_A_RUN: Final = 300.0

_DTYPES: Final = {
    Datatype.BOOL: "bool",
    Datatype.UINT8: "uint8",
    Datatype.UINT16: "uint16",
    Datatype.UINT32: "uint32",
    Datatype.UINT64: "uint64",
    Datatype.INT8: "int8",
    Datatype.INT16: "int16",
    Datatype.INT32: "int32",
    Datatype.INT64: "int64",
    Datatype.FP16: "float16",
    Datatype.FP32: "float32",
    Datatype.FP64: "float64",
}
"""numpy's names; BF16 has none, and BYTES are objects."""


def datatype_of(values: Array) -> Datatype | None:
    """The protocol's datatype of an array; None where it has none."""
    if values.dtype == object or values.dtype.kind in "US":
        return Datatype.BYTES
    return next((datatype for datatype, dtype in _DTYPES.items() if values.dtype == dtype), None)


def dtype_of(datatype: Datatype) -> str:
    """numpy's name of what an array of ``datatype`` holds; texts of a fixed width for BYTES."""
    return "str" if datatype is Datatype.BYTES else _DTYPES[datatype]


class OnnxSession:
    """One opened model. ``threads``: of ONNX Runtime; answers may differ in their last bits between numbers of them."""

    def __init__(self, artifact: bytes, *, threads: int = 1, format: Literal["onnx", "ort"] = "onnx") -> None:  # noqa: A002
        """Raises ModelLoadError: ONNX Runtime cannot open it."""
        self._session = Session.load(artifact, EngineOptions(threads=threads), format)
        self.inputs: tuple[TensorMetadata, ...] = self._session.inputs
        self.outputs: tuple[TensorMetadata, ...] = self._session.outputs

    def run(
        self, tensors: Mapping[str, Array], outputs: Sequence[str] | None = None, *, rows_a_run: int = _ROWS_A_RUN
    ) -> dict[str, Array]:
        """Outputs for every row, in runs of ``rows_a_run``.

        Raises:
            ModelRejectedInput: the model failed on these rows.
            DeadlineExceeded: one run took minutes.
        """
        import numpy as np

        names = list(outputs or [tensor.name for tensor in self.outputs])
        count = len(next(iter(tensors.values())))
        parts: dict[str, list[Array]] = {name: [] for name in names}
        for start in range(0, count, rows_a_run):
            some = {
                tensor.name: tensor_of(tensors[tensor.name][start : start + rows_a_run], tensor.datatype)
                for tensor in self.inputs
            }
            for name, result in self._session.run(some, names, time.monotonic() + _SECONDS_A_RUN).items():
                parts[name].append(array_of(result))
        return {name: np.concatenate(values) for name, values in parts.items()}


def tensor_of(values: Array, datatype: Datatype | None = None) -> Tensor:
    """An array as a tensor, of its own datatype unless another is given.

    Raises:
        ValueError: the protocol has no datatype for it.
    """
    import numpy as np

    datatype = datatype or datatype_of(values)
    if datatype is None:
        raise ValueError(f"no tensor holds {values.dtype}")
    if datatype is Datatype.BYTES:
        return Tensor(datatype, values.shape, [str(text).encode() for text in values.ravel()])
    return Tensor(datatype, values.shape, np.ascontiguousarray(values, _DTYPES[datatype]).tobytes())


def array_of(tensor: Tensor) -> Array:
    """A tensor as an array; texts are ``str`` in an array of objects."""
    import numpy as np

    if isinstance(tensor.data, list):
        texts = np.empty(math.prod(tensor.shape), dtype=object)
        texts[:] = [text.decode() for text in tensor.data]
        return texts.reshape(tensor.shape)
    return np.frombuffer(tensor.data, _DTYPES[tensor.datatype]).reshape(tensor.shape).copy()
