"""Letting one web page call the API from a browser. The functions name it in their answers, the gateway in its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import aws_cdk as cdk

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
# A preflight costs a round trip, and browsers keep its answer for two hours at most.
_KEPT: Final = cdk.Duration.hours(1)


def preflight(cors: Cors | None) -> Mapping[str, Any] | None:
    """Arguments of ``add_cors_preflight``. A preflight needs no credentials: a browser sends none with it."""
    if cors is None:
        return None
    return {
        "allow_origins": [cors.origin],
        "allow_methods": ["GET", "POST"],
        "allow_headers": list(_REQUEST_HEADERS),
        "max_age": _KEPT,
    }


def gateway_headers(cors: Cors | None) -> Mapping[str, str]:
    """Headers of API Gateway's own answers, each value as a mapping expression."""
    if cors is None:
        return {}
    return {
        "Access-Control-Allow-Origin": f"'{cors.origin}'",
        "Access-Control-Expose-Headers": "'X-Request-Id'",
    }


def cors_environment(cors: Cors | None) -> Mapping[str, str]:
    """The setting by which a function names the page in its answers."""
    return {} if cors is None else {"SERIN_CORS_ORIGIN": cors.origin}
