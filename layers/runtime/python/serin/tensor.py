"""What travels between the rooms: a contiguous buffer with a datatype and a shape.

Elements go in and out of it here, without numpy: ``pack`` and ``unpack``.
"""

from __future__ import annotations

import math
import struct
import sys
from array import array
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from serin.protocol import Datatype

if sys.byteorder != "little":  # pragma: no cover - the protocol's binary tensors are little-endian
    raise ImportError("Serin runs on little-endian machines only")

Buffer = bytes | bytearray | memoryview
"""Row-major (C order), native little-endian, no padding."""

Element = bool | int | float | str

_FORMATS: Final[dict[Datatype, str]] = {
    Datatype.BOOL: "?",
    Datatype.UINT8: "B",
    Datatype.UINT16: "H",
    Datatype.UINT32: "I",
    Datatype.UINT64: "Q",
    Datatype.INT8: "b",
    Datatype.INT16: "h",
    Datatype.INT32: "i",
    Datatype.INT64: "q",
    Datatype.FP16: "e",
    Datatype.FP32: "f",
    Datatype.FP64: "d",
    Datatype.BF16: "H",
}
"""Type codes of ``struct``, ``array`` and ``memoryview``. BF16 has none: its bits travel as UINT16."""

_VIEWS: Final[dict[Datatype, str]] = {
    datatype: code for datatype, code in _FORMATS.items() if datatype not in {Datatype.FP16, Datatype.BF16}
}
"""What memoryview can step through, on every Python that is supported."""


class Tensor(msgspec.Struct, frozen=True):
    """A dense tensor.

    ``data`` holds ``itemsize * product(shape)`` bytes, or for ``BYTES`` a list with one ``bytes`` an element,
    both in row-major order. FP16 and BF16 are raw 16-bit patterns.
    """

    datatype: Datatype
    shape: tuple[int, ...]
    data: Buffer | list[bytes]

    @property
    def rows(self) -> int:
        """Length of the leading axis, 1 for a scalar."""
        return self.shape[0] if self.shape else 1


def element_count(shape: Sequence[int]) -> int:
    """Elements of ``shape``, exact at any size (Python integers do not overflow); 1 for a scalar."""
    return math.prod(shape)


def pack(datatype: Datatype, values: Sequence[Any]) -> Buffer | list[bytes]:
    """Elements as a tensor's data.

    A finite number beyond a floating type's range becomes an infinity in FP32 and BF16 (IEEE 754 rounding).

    Args:
        datatype: What to pack into.
        values: Elements in row-major order, of the Python type that fits ``datatype``.

    Raises:
        ValueError: an integer is out of range, or a string holds a lone surrogate.
    """
    try:
        if datatype is Datatype.BYTES:
            return [value.encode() for value in values]
        if datatype is Datatype.BF16:
            return _pack_bf16(values)
        # Native byte order, unlike "<", rounds a double into a float as the processor does, without refusing any.
        return struct.pack(f"{len(values)}{_FORMATS[datatype]}", *values)
    except (OverflowError, struct.error, UnicodeEncodeError):
        raise ValueError(f"does not fit {datatype}") from None


def row_format(datatype: Datatype, count: int) -> struct.Struct | None:
    """``count`` elements of a number, prepared; None for ``BYTES`` and ``BF16``, which have no such format."""
    format_ = None if datatype is Datatype.BF16 else _FORMATS.get(datatype)
    return None if format_ is None else struct.Struct(f"{count}{format_}")


def row_packer(datatype: Datatype, count: int) -> Callable[[Sequence[Any]], Buffer | list[bytes]]:
    """``pack`` for ``count`` elements of ``datatype``, prepared, which takes a fraction of its time."""
    prepared = row_format(datatype, count)
    if prepared is None:
        return lambda values: pack(datatype, values)
    pack_row = prepared.pack

    def pack_prepared(values: Sequence[Any]) -> bytes:
        try:
            return pack_row(*values)
        except (OverflowError, struct.error):
            raise ValueError(f"does not fit {datatype}") from None

    return pack_prepared


def unpack(tensor: Tensor) -> list[Any]:
    """A tensor's elements in row-major order: bool, int, float, or ``bytes`` for ``BYTES``."""
    values = elements(tensor)
    return values.tolist() if isinstance(values, memoryview) else list(values)


def elements(tensor: Tensor) -> Sequence[Any]:
    """The same without a copy where the datatype allows: sliceable, read-only by convention."""
    data = tensor.data
    if isinstance(data, list):
        return data
    format_ = _VIEWS.get(tensor.datatype)
    if isinstance(data, bytes) and format_ is not None:  # as most are
        return memoryview(data).cast(format_)  # type: ignore[call-overload, no-any-return]
    if tensor.datatype is Datatype.BF16:
        return _unpack_bf16(data)
    view = memoryview(data)
    if format_ is None:
        return struct.unpack(f"<{view.nbytes // 2}e", view)
    octets = view if view.format == "B" and view.ndim == 1 else view.cast("B")
    return octets.cast(format_)  # type: ignore[call-overload, no-any-return]


def round_to(datatype: Datatype, value: float) -> float:
    """``value`` as ``datatype`` holds it, so that a bound compares equal to itself after packing."""
    if not datatype.is_float or datatype is Datatype.FP64:
        return value
    try:
        return float(elements(Tensor(datatype, (1,), pack(datatype, [value])))[0])
    except ValueError:
        return math.copysign(math.inf, value)


def _pack_bf16(values: Sequence[float]) -> bytes:
    """BF16 is the upper half of FP32; round to nearest, ties to even."""
    bits = memoryview(array("f", values)).cast("B").cast("I")
    return array("H", [_round_bf16(word) for word in bits]).tobytes()


def _round_bf16(word: int) -> int:
    if word & 0x7FFFFFFF > 0x7F800000:  # a NaN must not round into an infinity
        return word >> 16 | 0x0040
    return (word + 0x7FFF + (word >> 16 & 1)) >> 16


def _unpack_bf16(data: Buffer) -> Sequence[float]:
    words = memoryview(data).cast("B").cast("H")
    return memoryview(array("I", [word << 16 for word in words])).cast("B").cast("f")
