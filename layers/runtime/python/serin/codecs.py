"""Open Inference Protocol messages to tensors and back: JSON, and the binary tensor data extension.

Source: Open Inference Protocol V2, REST; binary tensor data extension. Names, datatypes, shapes and sizes are
checked before any element is decoded, so a request cannot make the decoder build more than it sent.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from serin import strict_json
from serin.errors import InvalidInput, MalformedRequest, OutputNotFinite, PayloadTooLarge
from serin.nested import flatten, nested_list
from serin.protocol import (
    NO_DATA,
    Datatype,
    InferenceRequest,
    InferenceResponse,
    Parameters,
    RequestInput,
    RequestOutput,
    ResponseOutput,
    TensorMetadata,
)
from serin.tensor import Buffer, Tensor, element_count, elements, pack, unpack

MAX_KEYS: Final = 10_000
"""Most keys in a request's JSON: the largest manifest's inputs and outputs take a tenth of it."""

MAX_ELEMENTS: Final = 2**31
"""More than any body holds: a shape beyond it is no batch that is too large, it is no shape."""

_REQUEST: Final = msgspec.json.Decoder(InferenceRequest)
_ENCODER: Final = msgspec.json.Encoder()
_LEADING: Final = re.compile(rb"[\s\[]*")
_BINARY_SIZE: Final = "binary_data_size"
_KNOWN: Final = ("inputs", "outputs", "parameters", "id", "name", "shape", "datatype", "data")


@dataclass(frozen=True, slots=True)
class Envelope:
    """A request's JSON part, and the binary tensors that follow it."""

    request: InferenceRequest
    binary: memoryview


def read_envelope(body: bytes, header_length: str | None) -> Envelope:
    """Split and decode a request, its tensors not yet.

    Args:
        body: JSON, then the binary tensors.
        header_length: ``Inference-Header-Content-Length``: bytes of the JSON part; None: all of it.

    Raises:
        MalformedRequest: no JSON, a length that is none or beyond the body, a key twice.
        InvalidInput: not an inference request.
        PayloadTooLarge: more than ``MAX_KEYS`` keys.
    """
    split = len(body)
    if header_length is not None:
        if not re.fullmatch(r"[0-9]{1,18}", header_length, re.ASCII) or int(header_length) > len(body):
            raise MalformedRequest("Inference-Header-Content-Length must be a number of bytes within the body")
        split = int(header_length)
    head = body[:split]
    if strict_json.has_more_keys(head, MAX_KEYS):
        raise PayloadTooLarge(f"more than {MAX_KEYS} keys in one request")
    request = strict_json.decode(_REQUEST, head, _KNOWN)
    strict_json.refuse_duplicate_keys(head, _count_keys(request))
    return Envelope(request, memoryview(body)[split:])


def read_tensors(envelope: Envelope, expected: Sequence[TensorMetadata], max_rows: int) -> dict[str, Tensor]:
    """Decode the inputs that ``expected`` asks for.

    Raises:
        InvalidInput: an input is missing, unknown or there twice, or its datatype, shape or data do not fit.
        PayloadTooLarge: more than ``max_rows`` along a batch axis.
    """
    given = _by_name(envelope.request.inputs, [tensor.name for tensor in expected], "input")
    if missing := [tensor.name for tensor in expected if tensor.name not in given]:
        raise InvalidInput(f"input `{missing[0]}` is missing")
    for tensor in expected:
        _check_signature(given[tensor.name], tensor)
    _check_rows([given[tensor.name].shape for tensor in expected if tensor.shape[:1] == (-1,)], max_rows)
    tensors, offset = {}, 0
    for item in envelope.request.inputs:  # binary data follows in the order of the request
        size = item.parameters.get(_BINARY_SIZE)
        if size is None:
            data = _json_data(item)
        else:
            chunk = _binary_chunk(item, envelope.binary, offset, size)
            offset += len(chunk)
            data = _binary_data(item, chunk)
        tensors[item.name] = Tensor(item.datatype, item.shape, data)
    if offset != len(envelope.binary):
        raise MalformedRequest("the body holds more bytes than its inputs name")
    return tensors


def requested_outputs(request: InferenceRequest, available: Sequence[TensorMetadata]) -> tuple[RequestOutput, ...]:
    """The outputs to answer: those asked for, or all.

    Raises:
        InvalidInput: an output is unknown or asked for twice.
    """
    names = [tensor.name for tensor in available]
    if not request.outputs:
        return tuple(RequestOutput(name=name) for name in names)
    return tuple(_by_name(request.outputs, names, "output").values())


def encode_response(
    response: InferenceResponse,
    outputs: Mapping[str, Tensor],
    requested: Sequence[RequestOutput],
    request_parameters: Parameters,
) -> tuple[bytes, int | None]:
    """A response body, and the length of its JSON part where binary tensors follow it.

    Raises:
        OutputNotFinite: a NaN or infinity would have to go into JSON.
    """
    default = request_parameters.get("binary_data_output", False)
    described: list[ResponseOutput] = []
    chunks: list[Buffer] = []
    for item in requested:
        tensor = outputs[item.name]
        if item.parameters.get("binary_data", default) is True:
            chunks.append(chunk := _binary_of(tensor))
            parameters: Parameters = {_BINARY_SIZE: len(chunk)}
            data = NO_DATA
        else:
            parameters, data = {}, msgspec.Raw(_ENCODER.encode(_json_of(tensor)))
        described.append(
            ResponseOutput(
                name=item.name, shape=tensor.shape, datatype=tensor.datatype, parameters=parameters, data=data
            )
        )
    head = _ENCODER.encode(msgspec.structs.replace(response, outputs=tuple(described)))
    return (b"".join((head, *chunks)), len(head)) if chunks else (head, None)


# --- what the request may say ---------------------------------------------------------------------------------


def _by_name(items: Iterable[Any], known: Sequence[str], kind: str) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for i, item in enumerate(items):
        if item.name not in known:
            raise InvalidInput(f"{kind}s[{i}].name: no such {kind}; there are: {', '.join(known)}")
        if item.name in named:
            raise InvalidInput(f"{kind}s[{i}].name: {kind} `{item.name}` stands twice")
        named[item.name] = item
    return named


def _check_rows(shapes: Sequence[tuple[int, ...]], max_rows: int) -> None:
    rows = {shape[0] for shape in shapes}
    if len(rows) > 1:
        raise InvalidInput("the inputs' batch axes differ in length")
    if rows and max(rows) > max_rows:
        raise PayloadTooLarge(f"more than {max_rows} rows in one request")


def _check_signature(item: RequestInput, expected: TensorMetadata) -> None:
    if item.datatype is not expected.datatype:
        raise InvalidInput(f"input `{item.name}`: datatype must be {expected.datatype}")
    fits = len(item.shape) == len(expected.shape) and all(
        due in {-1, axis} for due, axis in zip(expected.shape, item.shape, strict=True)
    )
    if not fits:
        raise InvalidInput(f"input `{item.name}`: shape must be {list(expected.shape)}, -1 for any length")
    if 0 in item.shape:
        raise InvalidInput(f"input `{item.name}`: an axis of length 0 holds no element")
    if element_count(item.shape) > MAX_ELEMENTS:
        raise InvalidInput(f"input `{item.name}`: shape holds more elements than any request")


def _count_keys(request: InferenceRequest) -> int:
    """Distinct keys, and the colons inside data. A key with an empty value is not counted: then all is read again."""

    def present(message: msgspec.Struct) -> int:
        return sum(1 for value in msgspec.structs.astuple(message) if value not in (None, {}, (), NO_DATA))

    parts: list[InferenceRequest | RequestInput | RequestOutput] = [request, *request.inputs, *request.outputs]
    keys = sum(present(part) + len(part.parameters) for part in parts)
    return keys + sum(bytes(item.data).count(b":") for item in request.inputs)


# --- elements in ----------------------------------------------------------------------------------------------


def _json_data(item: RequestInput) -> Buffer | list[bytes]:
    if not len(item.data):
        raise InvalidInput(f"input `{item.name}`: has neither data nor {_BINARY_SIZE}")
    raw = bytes(item.data)
    count = element_count(item.shape)
    if item.datatype is not Datatype.BYTES and raw.count(b",") + 1 != count:
        raise InvalidInput(f"input `{item.name}`: data must hold as many elements as its shape says")
    values = _flat_values(item, raw)
    if len(values) != count:
        raise InvalidInput(f"input `{item.name}`: data must hold as many elements as its shape says")
    try:
        return pack(item.datatype, values)
    except ValueError as error:
        raise InvalidInput(f"input `{item.name}`: an element {error}") from None


def _flat_values(item: RequestInput, raw: bytes) -> Sequence[Any]:
    """Data may be flat, or nested as the shape says."""
    leading = _LEADING.match(raw)
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


def _binary_chunk(item: RequestInput, binary: memoryview, offset: int, size: object) -> memoryview:
    if len(item.data):
        raise InvalidInput(f"input `{item.name}`: has both data and {_BINARY_SIZE}")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= len(binary) - offset:
        raise MalformedRequest(f"input `{item.name}`: {_BINARY_SIZE} must be a number of bytes within the body")
    return binary[offset : offset + size]


def _binary_data(item: RequestInput, chunk: memoryview) -> Buffer | list[bytes]:
    count = element_count(item.shape)
    itemsize = item.datatype.itemsize
    if itemsize is None:
        return _split_bytes(item, chunk, count)
    if len(chunk) != count * itemsize:
        raise InvalidInput(f"input `{item.name}`: {_BINARY_SIZE} must be what its shape takes")
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


# --- elements out ---------------------------------------------------------------------------------------------


def _json_of(tensor: Tensor) -> list[Any]:
    if isinstance(tensor.data, list):
        return [item.decode() for item in tensor.data]
    if tensor.datatype.is_float and not all(map(math.isfinite, elements(tensor))):
        raise OutputNotFinite("the model's answer holds NaN or an infinity; ask for binary outputs to read it")
    return unpack(tensor)


def _binary_of(tensor: Tensor) -> Buffer:
    if isinstance(tensor.data, list):
        return b"".join(struct.pack("<I", len(item)) + item for item in tensor.data)
    return tensor.data
