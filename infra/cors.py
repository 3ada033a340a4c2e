"""Letting one web page call the API from a browser. The functions name it in their answers, the gateway in its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from infra.config import Cors

_REQUEST_HEADERS: Final = (
    "Accept",
    "Authorization",
    "Content-Type",
    "Inference-Header-Content-Length",
    "X-Amz-Date",
    "X-Amz-Security-Token",
    "X-Api-Key",
    "traceparent",
)
_RESPONSE_HEADERS: Final = (
    "Inference-Header-Content-Length",
    "X-Model-Name",
    "X-Model-Version",
    "X-Prediction-Id",
    "X-Request-Id",
    "traceparent",
)


def preflight(cors: Cors | None) -> Mapping[str, Any] | None:
    """Arguments of ``add_cors_preflight``. A preflight needs no credentials: a browser sends none with it."""
    if cors is None:
        return None
    return {
        "allow_origins": [cors.origin],
        "allow_methods": ["GET", "POST"],
        "allow_headers": list(_REQUEST_HEADERS),
        "expose_headers": list(_RESPONSE_HEADERS),
    }


def cors_environment(cors: Cors | None) -> Mapping[str, str]:
    """The setting by which a function names the page in its answers."""
    return {} if cors is None else {"SERIN_CORS_ORIGIN": cors.origin}
