"""API Gateway REST proxy events into requests, and responses into what API Gateway wants back.

Source: Amazon API Gateway developer guide, "Input/output format of a Lambda function for proxy integration".
"""

from __future__ import annotations

import binascii
from collections.abc import Callable
from typing import Any, Final, Protocol

import msgspec

from serin.errors import MalformedRequest
from serin.headers import join_headers
from serin.rest import JSON, Request, Response, canonical_path

LONGEST_TEXT: Final = 2_000_000
"""Bytes. Lambda's runtime escapes text once more, up to threefold, and must stay within 6,291,556 bytes; base64
takes a third whatever the text."""


class LambdaContext(Protocol):
    """What Lambda tells of an invocation."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int: ...


Handler = Callable[[object, LambdaContext], dict[str, Any]]
"""What Lambda invokes: an event and its context in, a proxy response out."""


def request_id_of(event: object, fallback: str) -> str:
    """API Gateway's id of the request, which its access log has too."""
    context = event.get("requestContext") if isinstance(event, dict) else None
    value = context.get("requestId") if isinstance(context, dict) else None
    return value if isinstance(value, str) and value and value.isascii() and value.isprintable() else fallback


def read_event(event: object, request_id: str, deadline: float) -> Request:
    """A proxy event as a request.

    Raises:
        MalformedRequest: no API Gateway proxy event, conflicting headers, or a body that cannot be read.
    """
    if not isinstance(event, dict):
        raise MalformedRequest("the event is not an API Gateway proxy request")
    method, path = event.get("httpMethod"), event.get("path")
    if not isinstance(method, str) or not isinstance(path, str):
        raise MalformedRequest("the event is not an API Gateway proxy request")
    return Request(
        method=method,
        path=canonical_path(path),
        headers=_headers(event.get("headers"), event.get("multiValueHeaders")),
        body=_body(event.get("body"), event.get("isBase64Encoded")),
        request_id=request_id,
        deadline=deadline,
    )


def proxy_response(response: Response) -> dict[str, Any]:
    """A response as API Gateway takes it: text for JSON of moderate length, base64 for everything else."""
    kind = response.headers.get("content-type", JSON)
    is_text = kind.startswith((JSON, "text/")) and len(response.body) <= LONGEST_TEXT
    body = response.body.decode() if is_text else binascii.b2a_base64(response.body, newline=False).decode()
    return {
        "statusCode": response.status,
        "headers": response.headers,
        "body": body,
        "isBase64Encoded": not is_text,
    }


def _headers(single: object, multiple: object) -> dict[str, str]:
    """API Gateway sends both forms: one value a name, and all values of a name."""
    if isinstance(single, dict) and isinstance(multiple, dict) and len(single) == len(multiple):
        headers: dict[str, str] = {}
        for (name, value), (same, values) in zip(single.items(), multiple.items(), strict=True):
            if name != same or values != [value] or type(name) is not str or type(value) is not str:
                break
            headers[name.lower()] = value
        if len(headers) == len(single):  # as it is with most: both say the same, and no name stands twice
            return headers
    return join_headers(_pairs(single, multiple))


def _pairs(single: object, multiple: object) -> list[tuple[str, str]]:
    known: dict[object, object] = single if isinstance(single, dict) else {}
    pairs = [(name, value) for name, value in known.items() if isinstance(name, str) and isinstance(value, str)]
    for name, values in multiple.items() if isinstance(multiple, dict) else ():
        if values == [known.get(name)]:
            continue  # as the other form has it: so it is with most
        if isinstance(name, str) and isinstance(values, list):
            pairs += [(name, value) for value in values if isinstance(value, str)]
    return pairs


def _body(body: object, is_base64: object) -> bytes:
    if body is None:
        return b""
    if not isinstance(body, str) or not isinstance(is_base64, bool | None):
        raise MalformedRequest("the event is not an API Gateway proxy request")
    try:
        # In a quarter of the time that binascii takes, and as strict.
        return msgspec.convert(body, bytes) if is_base64 else body.encode()
    except (msgspec.ValidationError, ValueError):  # also a lone surrogate: UnicodeEncodeError is a ValueError
        raise MalformedRequest("the body cannot be decoded") from None
