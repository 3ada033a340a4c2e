"""A tensor's elements as Open Inference Protocol messages carry them: in JSON, or in binary.

Source: Open Inference Protocol V2, REST; binary tensor data extension. Shapes have been checked before any element
is decoded, so that a request cannot make the decoder build more than it sent.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from serin import strict_json
from serin.errors import InvalidInput, MalformedRequest, OutputNotFinite
from serin.nested import flatten, nested_list
from serin.protocol import Datatype, RequestInput
from serin.tensor import Buffer, Tensor, element_count, pack, unpack

PIECE_BYTES: Final = 2**16
"""Of a long list in JSON, as much is decoded in one go: some thousand numbers."""

BINARY_SIZE: Final = "binary_data_size"
"""Parameter of an input or output whose elements follow the JSON: how many bytes they take."""


def from_json(item: RequestInput) -> Buffer | list[bytes]:
    """The data of an input whose elements stand in JSON, flat or nested as its shape says.

    Raises:
        InvalidInput: elements of another type, or of another number than the shape says; ragged; none at all.
        MalformedRequest: not JSON, not UTF-8, nested too deep.
    """
    if not len(item.data):
        raise InvalidInput(f"input `{item.name}`: has neither data nor {BINARY_SIZE}")
    raw = bytes(item.data)
    count = element_count(item.shape)
    if len(raw) > PIECE_BYTES and (packed := _in_pieces(item.datatype, raw, count)) is not None:
        return packed
    if item.datatype is not Datatype.BYTES and raw.count(b",") + 1 != count:
        raise InvalidInput(f"input `{item.name}`: data must hold as many elements as its shape says")
    values = _flat_values(item, raw)
    if len(values) != count:
        raise InvalidInput(f"input `{item.name}`: data must hold as many elements as its shape says")
    try:
        return pack(item.datatype, values)
    except ValueError as error:
        raise InvalidInput(f"input `{item.name}`: an element {error}") from None


def _in_pieces(datatype: Datatype, raw: bytes, count: int) -> Buffer | None:
    """A long flat list of numbers, decoded and packed piece by piece: a piece's numbers are in a cache and in memory
    that the last one's have just left, and decoding ends when there are more than are due.

    Such a list is one of at least one number between all its commas, so pieces between commas are lists of numbers
    where it is. None where anything is not as expected; then it is to be read with care, to say what.
    """
    if datatype is Datatype.BYTES or raw[:1] != b"[" or raw[-1:] != b"]":
        return None
    decoder = _data_decoder(datatype, 1)
    pieces: list[Any] = []
    begin, end, left = 1, len(raw) - 1, count
    try:
        while begin <= end:
            comma = raw.find(b",", begin + PIECE_BYTES, end)
            until = end if comma < 0 else comma
            values = decoder.decode(b"[%b]" % raw[begin:until])
            left -= len(values)
            if not values or left < 0:
                return None
            pieces.append(pack(datatype, values))
            begin = until + 1
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        return None
    return None if left else b"".join(pieces)


def _flat_values(item: RequestInput, raw: bytes) -> Sequence[Any]:
    leading = re.match(rb"[\s\[]*", raw)
    depth = leading[0].count(b"[") if leading else 0
    if depth > strict_json.MAX_DEPTH - 3:  # three levels lie around it: request, inputs, input
        raise MalformedRequest(f"the body nests deeper than {strict_json.MAX_DEPTH} levels")
    if depth not in {1, len(item.shape)}:
        raise InvalidInput(f"input `{item.name}`: data must be a flat list, or nested as its shape says")
    try:
        shape, values = flatten(_decode_data(item.datatype, depth, raw), depth)
    except InvalidInput as error:
        raise InvalidInput(f"input `{item.name}`: data: {error.message}") from None
    if depth > 1 and shape != item.shape:
        raise InvalidInput(f"input `{item.name}`: data is not nested as its shape says")
    return values


def _decode_data(datatype: Datatype, depth: int, raw: bytes) -> Any:
    """``raw`` as nested lists. An integer may be spelled 3.0: JSON has one kind of number, and clients that were
    generated from the protocol's description send no other spelling.
    """
    try:
        return strict_json.decode(_data_decoder(datatype, depth), raw)
    except InvalidInput:
        if datatype.is_float or datatype in {Datatype.BYTES, Datatype.BOOL}:
            raise
        whole = _whole(strict_json.decode(_data_decoder(Datatype.FP64, depth), raw))
        if whole is None:
            raise
        return whole


def _whole(nested: Any) -> Any:
    """Whole numbers as integers; None where one is none."""
    if isinstance(nested, list):
        items = [_whole(item) for item in nested]
        return None if None in items else items
    return int(nested) if nested.is_integer() and abs(nested) <= _EXACT else None


_EXACT: Final = 2**53
"""Beyond it not every integer is a double, so one that is spelled as a fraction could be another."""

_DECODERS: Final[dict[tuple[Datatype, int], msgspec.json.Decoder[Any]]] = {}


def _data_decoder(datatype: Datatype, depth: int) -> msgspec.json.Decoder[Any]:
    key = (datatype, depth)
    if key not in _DECODERS:  # at most 14 datatypes times 97 depths
        _DECODERS[key] = msgspec.json.Decoder(nested_list(datatype, depth))
    return _DECODERS[key]


def from_binary(item: RequestInput, chunk: memoryview) -> Buffer | list[bytes]:
    """The data of an input whose elements are ``chunk``: itself, where they are no texts.

    Raises:
        InvalidInput: other elements than the datatype and shape say.
    """
    count = element_count(item.shape)
    itemsize = item.datatype.itemsize
    if itemsize is None:
        return _split_bytes(item, chunk, count)
    if len(chunk) != count * itemsize:
        raise InvalidInput(f"input `{item.name}`: {BINARY_SIZE} must be what its shape takes")
    if item.datatype is Datatype.BOOL and max(chunk) > 1:
        raise InvalidInput(f"input `{item.name}`: a BOOL is a byte of 0 or 1")
    return chunk


def _split_bytes(item: RequestInput, chunk: memoryview, count: int) -> list[bytes]:
    """Elements of a BYTES tensor: each its length in four little-endian bytes, then itself."""
    values: list[bytes] = []
    offset = 0
    while offset + 4 <= len(chunk) and len(values) < count:
        (size,) = struct.unpack_from("<I", chunk, offset)
        offset += 4 + size
        values.append(bytes(chunk[offset - size : offset]))
    if len(values) != count or offset != len(chunk):
        raise InvalidInput(f"input `{item.name}`: must hold as many length-prefixed elements as its shape says")
    try:
        for value in values:
            value.decode()
    except UnicodeDecodeError:
        raise InvalidInput(f"input `{item.name}`: an element is not UTF-8") from None
    return values


def to_json(tensor: Tensor) -> list[Any]:
    """Elements of an output as JSON has them.

    Raises:
        OutputNotFinite: one is NaN or infinite.
    """
    if isinstance(tensor.data, list):
        return [item.decode() for item in tensor.data]
    values = unpack(tensor)
    # A sum is finite only where every number is. One that is not may merely be too large; then each is looked at.
    if tensor.datatype.is_float and not math.isfinite(sum(values)) and not all(map(math.isfinite, values)):
        raise OutputNotFinite("the model's answer holds NaN or an infinity; ask for binary outputs to read it")
    return values


def to_binary(tensor: Tensor) -> Buffer:
    """Elements of an output as the binary tensor data extension has them."""
    if isinstance(tensor.data, list):
        return b"".join(struct.pack("<I", len(item)) + item for item in tensor.data)
    return tensor.data
