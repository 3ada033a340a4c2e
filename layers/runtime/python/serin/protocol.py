"""The Open Inference Protocol V2, as types.

Source: the Open Inference Protocol specification (open-inference/open-inference-protocol, REST
and its binary tensor data extension). Names follow it word for word.
"""

from enum import StrEnum
from typing import Annotated, Final

import msgspec

PROTOCOL_EXTENSIONS: Final = ("binary_tensor_data",)
HEADER_LENGTH: Final = "inference-header-content-length"
"""Request and response header: size in bytes of the JSON part that precedes binary tensors."""

Shape = tuple[Annotated[int, msgspec.Meta(ge=0)], ...]
"""A client's shape: no negative axis."""

ParameterValue = bool | int | float | str
Parameters = dict[str, ParameterValue]


class Datatype(StrEnum):
    """Tensor datatypes of the protocol, with ``BF16`` as ONNX Runtime and Triton spell it."""

    BOOL = "BOOL"
    UINT8 = "UINT8"
    UINT16 = "UINT16"
    UINT32 = "UINT32"
    UINT64 = "UINT64"
    INT8 = "INT8"
    INT16 = "INT16"
    INT32 = "INT32"
    INT64 = "INT64"
    FP16 = "FP16"
    FP32 = "FP32"
    FP64 = "FP64"
    BF16 = "BF16"
    BYTES = "BYTES"

    # The enumeration's own is Python code that gives the same number: members are keys on the way of each request.
    __hash__ = str.__hash__

    @property
    def itemsize(self) -> int | None:
        """Bytes per element; None for ``BYTES``, whose elements vary."""
        return _ITEMSIZE[self]

    @property
    def is_float(self) -> bool:
        return self in _FLOATS

    @property
    def limits(self) -> tuple[float, float] | None:
        """Lowest and highest finite number, integers exact; None for ``BOOL`` and ``BYTES``."""
        return _LIMITS.get(self)


_ITEMSIZE: Final[dict[Datatype, int | None]] = {
    Datatype.BOOL: 1,
    Datatype.UINT8: 1,
    Datatype.UINT16: 2,
    Datatype.UINT32: 4,
    Datatype.UINT64: 8,
    Datatype.INT8: 1,
    Datatype.INT16: 2,
    Datatype.INT32: 4,
    Datatype.INT64: 8,
    Datatype.FP16: 2,
    Datatype.FP32: 4,
    Datatype.FP64: 8,
    Datatype.BF16: 2,
    Datatype.BYTES: None,
}
_LARGEST_FLOATS: Final = {
    Datatype.FP16: 65504.0,
    Datatype.FP32: float.fromhex("0x1.fffffep127"),
    Datatype.FP64: float.fromhex("0x1.fffffffffffffp1023"),
    Datatype.BF16: float.fromhex("0x1.fep127"),
}
_FLOATS: Final = frozenset(_LARGEST_FLOATS)
_LIMITS: Final[dict[Datatype, tuple[float, float]]] = {
    **{Datatype(f"INT{bits}"): (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)},
    **{Datatype(f"UINT{bits}"): (0, 2**bits - 1) for bits in (8, 16, 32, 64)},
    **{datatype: (-largest, largest) for datatype, largest in _LARGEST_FLOATS.items()},
}


NO_DATA: Final = msgspec.Raw()
"""What ``data`` is where the elements travel in binary."""


class _Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Messages are immutable, strict on what they read and silent about what is unset."""


class TensorMetadata(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One input or output: name, datatype and shape, ``-1`` for a dynamic axis."""

    name: str
    datatype: Datatype
    shape: tuple[int, ...]


class ServerMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of `GET /v2`."""

    name: str
    version: str
    extensions: tuple[str, ...]


SERVER: Final = ServerMetadata(name="serin", version="0.1.0", extensions=PROTOCOL_EXTENSIONS)
"""What every process of this project answers to `GET /v2`."""


class ModelMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of `GET /v2/models/{model}`."""

    name: str
    versions: tuple[str, ...]
    platform: str
    inputs: tuple[TensorMetadata, ...]
    outputs: tuple[TensorMetadata, ...]


class RequestInput(_Message, frozen=True, kw_only=True):
    """``data`` stays undecoded until the datatype and shape beside it have been checked."""

    name: str
    shape: Shape
    datatype: Datatype
    parameters: Parameters = {}
    data: msgspec.Raw = NO_DATA


class RequestOutput(_Message, frozen=True, kw_only=True):
    """One output that the client asks for."""

    name: str
    parameters: Parameters = {}


class InferenceRequest(_Message, frozen=True, kw_only=True):
    """Body of `POST /v2/models/{model}/infer`."""

    inputs: tuple[RequestInput, ...]
    id: str | None = None
    parameters: Parameters = {}
    outputs: tuple[RequestOutput, ...] = ()


class ResponseOutput(_Message, frozen=True, kw_only=True):
    """One output tensor; ``data`` is absent when it follows in binary."""

    name: str
    shape: tuple[int, ...]
    datatype: Datatype
    parameters: Parameters = {}
    data: msgspec.Raw = NO_DATA


class InferenceResponse(_Message, frozen=True, kw_only=True):
    """Answer of `POST /v2/models/{model}/infer`."""

    model_name: str
    model_version: str | None = None
    id: str | None = None
    parameters: Parameters = {}
    outputs: tuple[ResponseOutput, ...]
