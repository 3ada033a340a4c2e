"""Tensors into ONNX Runtime's values, and back.

A value over memory of Python's does not own it: an ``Input`` keeps that memory as long as its value.
"""

from __future__ import annotations

from ctypes import (
    POINTER,
    PYFUNCTYPE,
    Structure,
    byref,
    c_char,
    c_char_p,
    c_int,
    c_int64,
    c_size_t,
    c_ssize_t,
    c_void_p,
    memmove,
    py_object,
    pythonapi,
)
from itertools import pairwise
from math import prod
from typing import Any, Final

from serin.engine.c_api import DEFAULT_MEMORY, DEVICE_ALLOCATOR
from serin.engine.handle import Handle
from serin.engine.library import API
from serin.engine.metadata import DATATYPES
from serin.engine.status import check, made
from serin.protocol import Datatype
from serin.tensor import Buffer, Tensor

KEPT_BYTES: Final = 65536
"""Up to this size an input's memory is kept for the next run; beyond, the request's own memory is read in place."""

_ELEMENT_TYPES: Final = {datatype: number for number, datatype in DATATYPES.items()}
_LARGEST_AXIS: Final = 2**63 - 1
_NO_SHAPE: Final = (-1,)
_CPU: Final = made(API.CreateCpuMemoryInfo, DEVICE_ALLOCATOR, DEFAULT_MEMORY)
_ALLOCATOR: Final = made(API.GetAllocatorWithDefaultOptions)  # both for the process, never released


class InvalidTensor(Exception):
    """A tensor contradicts itself, or cannot be read."""


class Input:
    """One input of a run and the memory behind it, reused as long as the tensors that come have one shape.

    A tensor of this ``datatype`` and ``shape`` needs no ``put``: its bytes may be written to ``memory``.
    """

    __slots__ = ("_borrowed", "_value", "datatype", "memory", "shape")

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Release the value, and give its memory back."""
        self._value: Handle | None = None
        self._borrowed: _Borrowed | None = None
        self.datatype: Datatype | None = None
        self.shape: tuple[int, ...] = _NO_SHAPE
        self.memory = memoryview(b"")

    @property
    def is_kept(self) -> bool:
        """Whether the memory is the input's own, and small."""
        return self.datatype is not None

    def put(self, tensor: Tensor) -> int:
        """Make the value of ``tensor``; returns its address, good until the next ``put`` or ``forget``.

        Raises:
            InvalidTensor: the length of the data is not what datatype and shape take. Nothing has been made.
            RuntimeFailure: ONNX Runtime cannot make the value.
        """
        self.forget()
        if not all(0 <= axis <= _LARGEST_AXIS for axis in tensor.shape):
            raise InvalidTensor("an axis is no length")
        self._value = self._strings(tensor) if tensor.datatype is Datatype.BYTES else self._numbers(tensor)
        return self._value.address

    def _numbers(self, tensor: Tensor) -> Handle:
        if isinstance(tensor.data, list):
            raise InvalidTensor("numbers have no list of bytes")
        data = memoryview(tensor.data)
        itemsize = tensor.datatype.itemsize or 0
        if not data.c_contiguous or prod(tensor.shape) * itemsize != data.nbytes:
            raise InvalidTensor("the data is not as long as datatype and shape take")
        if data.nbytes <= KEPT_BYTES:
            return self._keep(tensor, data)
        self._borrowed = _Borrowed(data)
        if self._borrowed.address % itemsize:  # a binary tensor begins at any byte of a request
            self._borrowed = _Borrowed(bytearray(data))
        return _value_at(self._borrowed.address, data.nbytes, tensor)

    def _keep(self, tensor: Tensor, data: memoryview) -> Handle:
        memory = bytearray(data) or bytearray(8)  # never null, not even for no element
        self._borrowed = _Borrowed(memory)
        value = _value_at(self._borrowed.address, data.nbytes, tensor)
        self.memory = memoryview(memory)[: data.nbytes]
        self.datatype, self.shape = tensor.datatype, tensor.shape
        return value

    def _strings(self, tensor: Tensor) -> Handle:
        if not isinstance(tensor.data, list) or prod(tensor.shape) != len(tensor.data):
            raise InvalidTensor("there are not as many strings as the shape takes")
        items = tensor.data
        if not all(type(item) is bytes for item in items):
            raise InvalidTensor("a string is not given as bytes")
        axes = _axes(len(tensor.shape))(*tensor.shape)
        element_type = _ELEMENT_TYPES[Datatype.BYTES]
        value = Handle(made(API.CreateTensorAsOrtValue, _ALLOCATOR, axes, len(axes), element_type), API.ReleaseValue)
        check(API.FillStringTensor(value.address, (c_char_p * len(items))(*items), len(items)))
        for index, item in enumerate(items):
            if 0 in item:  # where FillStringTensor has taken it to end
                place = made(API.GetResizedStringTensorElementBuffer, value.address, index, len(item))
                memmove(place, item, len(item))
        return value


def _value_at(address: int, size: int, tensor: Tensor) -> Handle:
    """A value of ``tensor``'s datatype and shape over ``size`` bytes at ``address``."""
    axes = _axes(len(tensor.shape))(*tensor.shape)
    element_type = _ELEMENT_TYPES[tensor.datatype]
    make = API.CreateTensorWithDataAsOrtValue
    return Handle(made(make, _CPU, address, size, axes, len(axes), element_type), API.ReleaseValue)


class _PyBuffer(Structure):
    """``Py_buffer`` of Python's stable ABI."""

    _fields_ = (
        ("buf", c_void_p),
        ("obj", c_void_p),
        ("len", c_ssize_t),
        ("itemsize", c_ssize_t),
        ("readonly", c_int),
        ("ndim", c_int),
        ("format", c_char_p),
        ("shape", c_void_p),
        ("strides", c_void_p),
        ("suboffsets", c_void_p),
        ("internal", c_void_p),
    )


_get_buffer = PYFUNCTYPE(c_int, py_object, c_void_p, c_int)(("PyObject_GetBuffer", pythonapi))
_release_buffer = PYFUNCTYPE(None, c_void_p)(("PyBuffer_Release", pythonapi))


class _Borrowed:
    """Memory of a Python object, which neither moves nor goes before this does. Read-only memory has no other way."""

    __slots__ = ("_buffer", "_release", "address")

    def __init__(self, data: Buffer) -> None:
        self._buffer = _PyBuffer()
        self._release = _release_buffer
        _get_buffer(data, byref(self._buffer), 0)  # raises what Python does
        self.address: int = self._buffer.buf

    def __del__(self) -> None:
        self._release(byref(self._buffer))


_IntegersAt: Final = POINTER(c_int64)
_BytesAt: Final = POINTER(c_char)


class Output:
    """The place of one output: ONNX Runtime writes its value's address here, and here it is read and released."""

    __slots__ = ("_data", "_data_arguments", "_element_type", "_rank", "_shape", "_type_arguments", "_value")

    def __init__(self, place: c_void_p) -> None:
        """``place``: null, as ONNX Runtime takes anything else for memory to write to."""
        self._value = place
        # Slices of these two pointers are a list of integers, and bytes.
        self._shape, self._data = _IntegersAt(), _BytesAt()
        self._element_type, self._rank = c_int(), c_size_t()
        # Prepared, as a run's time is spent in conversions if anywhere.
        self._type_arguments = (place, byref(self._element_type), byref(self._shape), byref(self._rank))
        self._data_arguments = (place, byref(self._data))

    def take(self) -> Tensor:
        """A copy of the output, with the datatype and shape that ONNX Runtime tells of it; the output is released.

        Raises:
            RuntimeFailure: it is no dense tensor.
            InvalidTensor: of a datatype that is not served, or a string is not UTF-8.
        """
        try:
            status = API.GetTensorElementTypeAndShapeDataReference(*self._type_arguments)
            if status is not None:
                check(status)
            element = _ELEMENTS.get(self._element_type.value)
            if element is None:
                raise InvalidTensor("an output is of a datatype that is not served")
            datatype, itemsize = element
            rank = self._rank.value
            shape = tuple(self._shape[:rank]) if rank else ()
            if itemsize is None:
                return Tensor(datatype, shape, _strings_of(self._value.value, prod(shape)))
            status = API.GetTensorMutableData(*self._data_arguments)
            if status is not None:
                check(status)
            size = prod(shape) * itemsize
            if size and not self._data:  # Python would read at address 0
                raise InvalidTensor("an output has elements and no memory")
            return Tensor(datatype, shape, self._data[:size])
        finally:
            self.release()

    def release(self) -> None:
        """Release the output, if there is one."""
        value = self._value.value
        if value is not None:
            self._value.value = None
            API.ReleaseValue(value)


_ELEMENTS: Final = {number: (datatype, datatype.itemsize) for number, datatype in DATATYPES.items()}
_AXES: Final[dict[int, Any]] = {}


def _axes(rank: int) -> Any:
    """The type of an array of ``rank`` axes, kept: making one takes longer than most calls."""
    kind = _AXES.get(rank)
    if kind is None:
        kind = _AXES[rank] = c_int64 * rank
    return kind


def _strings_of(value: int | None, count: int) -> list[bytes]:
    size = c_size_t()
    check(API.GetStringTensorDataLength(value, byref(size)))
    content, offsets = (c_char * (size.value + 1))(), (c_size_t * (count + 1))()
    check(API.GetStringTensorContent(value, content, size.value, offsets, count))
    offsets[count] = size.value
    joined = content.raw
    items = [joined[begin:end] for begin, end in pairwise(offsets)]
    try:
        for item in items:
            item.decode()
    except UnicodeDecodeError:
        raise InvalidTensor("a string is not UTF-8") from None
    return items
