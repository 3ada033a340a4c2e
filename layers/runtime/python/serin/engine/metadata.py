"""What a session says of its inputs and outputs."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import byref, c_int, c_int64, c_size_t, string_at
from typing import Any, Final

from serin.engine.c_api import TYPE_TENSOR
from serin.engine.handle import Handle
from serin.engine.library import API
from serin.engine.status import check, made
from serin.protocol import Datatype, TensorMetadata

DATATYPES: Final[dict[int, Datatype]] = {
    1: Datatype.FP32,
    2: Datatype.UINT8,
    3: Datatype.INT8,
    4: Datatype.UINT16,
    5: Datatype.INT16,
    6: Datatype.INT32,
    7: Datatype.INT64,
    8: Datatype.BYTES,
    9: Datatype.BOOL,
    10: Datatype.FP16,
    11: Datatype.FP64,
    12: Datatype.UINT32,
    13: Datatype.UINT64,
    16: Datatype.BF16,
}
"""By ``ONNXTensorElementDataType``, whose numbers are those of ONNX's ``TensorProto.DataType``."""

_KINDS: Final = {2: "sequence", 3: "map", 4: "opaque value", 5: "sparse tensor", 6: "optional value"}
"""By ``ONNXType``."""


class UnservedType(Exception):
    """An input or an output is no dense tensor of a datatype that is served."""


def inputs_of(session: int) -> tuple[TensorMetadata, ...]:
    """Inputs in the model's order.

    Raises:
        UnservedType: one is not served.
    """
    return _all(session, API.SessionGetInputCount, API.SessionGetInputName, API.SessionGetInputTypeInfo)


def outputs_of(session: int) -> tuple[TensorMetadata, ...]:
    """Outputs in the model's order.

    Raises:
        UnservedType: one is not served.
    """
    return _all(session, API.SessionGetOutputCount, API.SessionGetOutputName, API.SessionGetOutputTypeInfo)


_Function = Callable[..., Any]


def _all(session: int, count: _Function, name: _Function, type_info: _Function) -> tuple[TensorMetadata, ...]:
    number = c_size_t()
    check(count(session, byref(number)))
    return tuple(
        _metadata(_text(name, session, index), Handle(made(type_info, session, index), API.ReleaseTypeInfo))
        for index in range(number.value)
    )


def _text(name: _Function, session: int, index: int) -> str:
    allocator = made(API.GetAllocatorWithDefaultOptions)  # one for the process, never released
    address = made(name, session, index, allocator)
    try:
        return string_at(address).decode()
    finally:
        check(API.AllocatorFree(allocator, address))


def _metadata(name: str, type_info: Handle) -> TensorMetadata:
    kind = c_int()
    check(API.GetOnnxTypeFromTypeInfo(type_info.address, byref(kind)))
    if kind.value != TYPE_TENSOR:
        raise UnservedType(f"{name!r} is a {_KINDS.get(kind.value, 'value of unknown type')}")
    tensor_info = made(API.CastTypeInfoToTensorInfo, type_info.address)  # a part of type_info, not released
    element, rank = c_int(), c_size_t()
    check(API.GetTensorElementType(tensor_info, byref(element)))
    if element.value not in DATATYPES:
        raise UnservedType(f"{name!r} is a tensor of ONNX's datatype {element.value}")
    check(API.GetDimensionsCount(tensor_info, byref(rank)))
    shape = (c_int64 * rank.value)()
    check(API.GetDimensions(tensor_info, shape, rank))
    return TensorMetadata(name=name, datatype=DATATYPES[element.value], shape=tuple(shape))
