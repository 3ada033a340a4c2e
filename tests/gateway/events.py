"""HTTP requests as API Gateway's REST proxy events, and a function's answer as an HTTP response.

Source: Amazon API Gateway developer guide, "Lambda proxy integrations in API Gateway". The form is that of a
custom domain: no stage in the path. A REST API leaves the path percent-encoded, and decodes its parameters and
the query. Bodies travel in base64, as with the binary media type ``*/*``, or as text, as without it.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

Headers = tuple[tuple[str, str], ...]
"""As they stand on the wire: names in their own case, one pair a line."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """``target`` is the request line's, percent-encoded, with its query."""

    method: str
    target: str
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What goes back to the client."""

    status: int
    headers: Headers
    body: bytes


BAD_GATEWAY: Final = HttpResponse(
    502,
    (("Content-Type", "application/json"), ("x-amzn-ErrorType", "InternalServerErrorException")),
    b'{"message": "Internal server error"}',
)
"""What API Gateway says where the function failed, or answered something that is no proxy response."""


def proxy_event(request: HttpRequest, source_ip: str, *, as_text: bool = False) -> dict[str, Any]:
    """The event that API Gateway makes of ``request``. ``as_text``: the body is UTF-8 and travels as it is."""
    parts = urlsplit("//gateway" + request.target)
    query = _multiple(parse_qsl(parts.query, keep_blank_values=True))
    forwarded = (("X-Forwarded-For", source_ip), ("X-Forwarded-Proto", "http"))
    headers = _multiple((*request.headers, *forwarded))
    return {
        "resource": "/{proxy+}",
        "path": parts.path,
        "httpMethod": request.method,
        "headers": _last(headers),
        "multiValueHeaders": headers,
        "queryStringParameters": _last(query) or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": {"proxy": unquote(parts.path.removeprefix("/"))},
        "stageVariables": None,
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "resourcePath": "/{proxy+}",
            "httpMethod": request.method,
            "path": parts.path,
            "stage": "live",
            "protocol": "HTTP/1.1",
            "identity": {"sourceIp": source_ip, "userAgent": None},
        },
        "body": _body(request.body, as_text) if request.body else None,
        "isBase64Encoded": bool(request.body) and not as_text,
    }


def _body(body: bytes, as_text: bool) -> str:
    return body.decode() if as_text else base64.b64encode(body).decode()


def http_response(payload: bytes) -> HttpResponse:
    """A function's answer as API Gateway passes it on; 502 where it is no proxy response."""
    try:
        return _proxy_response(msgspec.json.decode(payload, type=_ProxyResponse))
    except (msgspec.DecodeError, binascii.Error):
        return BAD_GATEWAY


class _ProxyResponse(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """API Gateway refuses an answer with other fields than these."""

    status_code: int
    headers: dict[str, str | int | float | bool] | None = None
    multi_value_headers: dict[str, list[str]] | None = None
    body: str | None = None
    is_base64_encoded: bool = False


def _proxy_response(answer: _ProxyResponse) -> HttpResponse:
    body = answer.body or ""
    multiple = answer.multi_value_headers or {}
    single = [(name, str(value)) for name, value in (answer.headers or {}).items() if name not in multiple]
    return HttpResponse(
        answer.status_code,
        (*single, *((name, value) for name, values in multiple.items() for value in values)),
        base64.b64decode(body, validate=True) if answer.is_base64_encoded else body.encode(),
    )


def _multiple(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return values


def _last(multiple: Mapping[str, list[str]]) -> dict[str, str]:
    return {name: values[-1] for name, values in multiple.items()}
