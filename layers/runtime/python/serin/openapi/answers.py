"""What every answer has in common: the headers, and the one error shape with its statuses and codes."""

from __future__ import annotations

from typing import Final

from serin.errors import (
    DeadlineExceeded,
    InvalidInput,
    MalformedRequest,
    MethodNotAllowed,
    ModelNotFound,
    ModelNotReady,
    ModelRejectedInput,
    NotFound,
    OutputNotFinite,
    PayloadTooLarge,
    SerinError,
    UnsupportedMediaType,
)
from serin.openapi.examples import Json

_HEADERS: Final = {
    "X-Request-Id": "Id of this request; quote it when you report a problem.",
    "X-Model-Name": "Model that answered.",
    "X-Model-Version": "Version of the model that answered.",
    "X-Prediction-Id": "Id of the prediction, for feedback and for finding it in the logs.",
    "traceparent": "W3C trace context of the request, passed on.",
}
_COMMON_HEADERS: Final = ("X-Request-Id", "traceparent")

_ERRORS: Final[dict[int, tuple[str, tuple[type[SerinError], ...]]]] = {
    400: ("The envelope cannot be read: encoding, JSON syntax, headers.", (MalformedRequest,)),
    404: ("No such route, or no such model or version.", (NotFound, ModelNotFound)),
    405: ("The route does not take this method.", (MethodNotAllowed,)),
    413: ("The body, the batch or the answer is over its limit.", (PayloadTooLarge,)),
    415: ("The content type or encoding is not served.", (UnsupportedMediaType,)),
    422: (
        "The request breaks the model's contract; the text says which field, never its value.",
        (InvalidInput, ModelRejectedInput, OutputNotFinite),
    ),
    503: ("The model cannot answer now; try again.", (ModelNotReady,)),
    504: ("The model did not finish in the time that the request had.", (DeadlineExceeded,)),
}


def error_responses(*statuses: int) -> Json:
    """References to the shared error answers of ``statuses``."""
    return {str(status): {"$ref": f"#/components/responses/Error{status}"} for status in statuses}


def answer_headers() -> Json:
    """References to the headers of an answer that a model gave."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in _HEADERS}


def json_answer(description: str, schema: Json, example: object = None, *, headers: Json | None = None) -> Json:
    """An answer whose body is JSON."""
    content: Json = {"schema": schema} if example is None else {"schema": schema, "example": example}
    answer: Json = {"description": description, "content": {"application/json": content}}
    return answer if headers is None else answer | {"headers": headers}


def common_headers() -> Json:
    """References to the headers that every answer has."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in _COMMON_HEADERS}


def header_components() -> Json:
    """Every response header, for the document's components."""
    return {name: {"description": text, "schema": {"type": "string"}} for name, text in _HEADERS.items()}


def response_components() -> Json:
    """Every error answer, for the document's components."""
    return {f"Error{status}": _error_answer(status) for status in _ERRORS}


def error_schema() -> Json:
    """The one shape of an error."""
    return {
        "type": "object",
        "title": "Error",
        "required": ["error", "code", "request_id"],
        "properties": {
            "error": {"type": "string", "description": "What is wrong, where, and what to do; for people."},
            "code": {"type": "string", "description": "Stable word, safe to match on."},
            "request_id": {"type": "string", "description": "Id of the request, as in X-Request-Id."},
        },
    }


def _error_answer(status: int) -> Json:
    description, errors = _ERRORS[status]
    codes = [error.code for error in errors]
    schema: Json = {
        "allOf": [
            {"$ref": "#/components/schemas/Error"},
            {"properties": {"code": {"enum": codes}}},
        ]
    }
    example = {"error": description, "code": codes[0], "request_id": "7d1c2d1e-3a55-4f3b-9a36-0d8b6a0d5a52"}
    return json_answer(description, schema, example)
