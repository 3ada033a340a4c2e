"""Answers that a web page of another origin may read. What a browser asks before (a preflight), API Gateway answers.

Source: Fetch standard, "HTTP responses" of the CORS protocol.
"""

from __future__ import annotations

from typing import Any, Final

from serin.apigateway import Handler, LambdaContext

_READABLE: Final = (
    "allow",
    "inference-header-content-length",
    "traceparent",
    "x-cold-start",
    "x-model-name",
    "x-model-version",
    "x-prediction-id",
    "x-request-id",
)
"""Headers of our own, which a browser shows a page only when told to."""


def readable_by(origin: str | None, handler: Handler) -> Handler:
    """``handler``, whose answers a web page of ``origin`` may read in a browser; as it is where ``origin`` is None."""
    if origin is None:
        return handler
    headers = {"access-control-allow-origin": origin, "access-control-expose-headers": ", ".join(_READABLE)}

    def handle(event: object, context: LambdaContext) -> dict[str, Any]:
        answer = handler(event, context)
        return answer | {"headers": answer["headers"] | headers}

    return handle
