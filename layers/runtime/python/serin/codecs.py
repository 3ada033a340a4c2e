"""Open Inference Protocol messages to tensors and back: JSON, and the binary tensor data extension.

Source: Open Inference Protocol V2, REST; binary tensor data extension. Names, datatypes, shapes and sizes are
checked before ``elements`` decodes any, so a request cannot make the decoder build more than it sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from serin import strict_json
from serin.elements import BINARY_SIZE, from_binary, from_json, to_binary, to_json
from serin.errors import InvalidInput, MalformedRequest, PayloadTooLarge, SerinError
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
from serin.tensor import Buffer, Tensor, element_count

MAX_KEYS: Final = 10_000
"""Most keys in a request's JSON: the largest manifest's inputs and outputs take a tenth of it."""

MAX_ELEMENTS: Final = 2**31
"""More than any body holds: a shape beyond it is no batch that is too large, it is no shape."""

LONG_BYTES: Final = 2**16
"""From here on JSON is not read twice where that can be spared."""

SHORT_BYTES: Final = 2**12
"""Most that stands before, or after, the data of a usual request."""

_EMPTY: Final = b"[]"
_REQUEST: Final = msgspec.json.Decoder(InferenceRequest)
_ENCODER: Final = msgspec.json.Encoder()
_MOST_DIGITS: Final = 18
_KNOWN: Final = ("inputs", "outputs", "parameters", "id", "name", "shape", "datatype", "data")


class Envelope(NamedTuple):
    """A request's JSON part, and the binary tensors that follow it.

    ``unread``: the JSON part where a long list of data in it has not been looked at yet; empty where all has been.
    """

    request: InferenceRequest
    binary: memoryview
    unread: bytes = b""


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
        digits = header_length.isascii() and header_length.isdigit() and len(header_length) <= _MOST_DIGITS
        if not digits or int(header_length) > len(body):
            raise MalformedRequest("Inference-Header-Content-Length must be a number of bytes within the body")
        split = int(header_length)
    head, binary = body[:split], memoryview(body)[split:]
    if len(head) > LONG_BYTES and (request := _read_around_data(head)) is not None:
        return Envelope(request, binary, head)
    return Envelope(_read_request(head), binary)


def _read_request(head: bytes) -> InferenceRequest:
    colons = head.count(b":")
    if colons > MAX_KEYS and strict_json.has_more_keys(head, MAX_KEYS):
        raise PayloadTooLarge(f"more than {MAX_KEYS} keys in one request")
    request = strict_json.decode(_REQUEST, head, _KNOWN)
    _refuse_duplicate_keys(head, colons, request)
    return request


def _read_around_data(head: bytes) -> InferenceRequest | None:
    """The request whose one long list of numbers has only been looked for its end; its decoder checks the rest.

    None where anything is not as expected: then all is to be read. What is taken for data opens outside of any
    string, as there is an even number of quotes before it, none of them escaped. It ends with the first bracket that
    closes, which for a flat list of numbers is its own; after all others there is more than may stand there.
    """
    key = head.find(b'"data":', 0, SHORT_BYTES)
    begin = key + len(b'"data":')
    begin += head.startswith(b" ", begin)
    before, end = head[:begin], head.find(b"]", begin) + 1
    if key < 0 or not head.startswith(b"[", begin) or not end or len(head) - end > SHORT_BYTES:
        return None
    if b"\\" in before or before.count(b'"') % 2:
        return None
    try:
        request = _read_request(before + _EMPTY + head[end:])
    except SerinError:
        return None
    places = [i for i, item in enumerate(request.inputs) if bytes(item.data) == _EMPTY]
    if len(places) != 1 or request.inputs[places[0]].datatype is Datatype.BYTES:
        return None
    inputs = list(request.inputs)
    inputs[places[0]] = msgspec.structs.replace(inputs[places[0]], data=msgspec.Raw(head[begin:end]))
    return msgspec.structs.replace(request, inputs=tuple(inputs))


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
        size = item.parameters.get(BINARY_SIZE)
        if size is None:
            data = _from_json(item, envelope.unread)
        else:
            chunk = _binary_chunk(item, envelope.binary, offset, size)
            offset += len(chunk)
            data = from_binary(item, chunk)
        tensors[item.name] = Tensor(item.datatype, item.shape, data)
    if offset != len(envelope.binary):
        raise MalformedRequest("the body holds more bytes than its inputs name")
    return tensors


def _from_json(item: RequestInput, unread: bytes) -> Buffer | list[bytes]:
    try:
        return from_json(item)
    except SerinError:
        if unread:  # what is wrong with it is told of the whole, as it is of a short one
            _read_request(unread)
        raise


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
            chunks.append(chunk := to_binary(tensor))
            parameters: Parameters = {BINARY_SIZE: len(chunk)}
            data = NO_DATA
        else:
            parameters, data = {}, msgspec.Raw(_ENCODER.encode(to_json(tensor)))
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


def _refuse_duplicate_keys(head: bytes, colons: int, request: InferenceRequest) -> None:
    keys = _count_keys(request)
    if colons != keys:  # colons inside data are no keys of ours, and numbers have none
        strict_json.refuse_duplicate_keys(head, keys + sum(bytes(item.data).count(b":") for item in request.inputs))


def _count_keys(request: InferenceRequest) -> int:
    """Distinct keys outside data. A key with an empty value is not counted: then all is read again."""
    parts: list[InferenceRequest | RequestInput | RequestOutput] = [request, *request.inputs, *request.outputs]
    return sum(_count_present(part) + len(part.parameters) for part in parts)


def _count_present(message: msgspec.Struct) -> int:
    return sum(1 for value in msgspec.structs.astuple(message) if value not in (None, {}, (), NO_DATA))


def _binary_chunk(item: RequestInput, binary: memoryview, offset: int, size: object) -> memoryview:
    if len(item.data):
        raise InvalidInput(f"input `{item.name}`: has both data and {BINARY_SIZE}")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= len(binary) - offset:
        raise MalformedRequest(f"input `{item.name}`: {BINARY_SIZE} must be a number of bytes within the body")
    return binary[offset : offset + size]
