"""What API Gateway answers by itself, in the shape that the runtime's errors have: error, code, request id."""

from __future__ import annotations

import json
from typing import Final

from aws_cdk import aws_apigateway as apigateway

from infra.config import Cors
from infra.cors import gateway_headers

_TYPE: Final = apigateway.ResponseType
_FIREWALL: Final = "refused by a firewall rule: a body over the limit, too many requests from one address, or an attack"
# Types that are not listed fall under the two defaults.
_ANSWERS: Final = (
    ("BadRequest", _TYPE.DEFAULT_4_XX, "bad_request", "the request was refused"),
    ("Failure", _TYPE.DEFAULT_5_XX, "internal_error", "the request failed; try again"),
    ("Unauthorized", _TYPE.UNAUTHORIZED, "unauthorized", "credentials are missing or not valid"),
    ("AccessDenied", _TYPE.ACCESS_DENIED, "forbidden", "these credentials may not call this route"),
    ("InvalidApiKey", _TYPE.INVALID_API_KEY, "forbidden", "send a valid key in the X-Api-Key header"),
    ("MissingToken", _TYPE.MISSING_AUTHENTICATION_TOKEN, "forbidden", "no such route, or the request is not signed"),
    ("WafFiltered", _TYPE.WAF_FILTERED, "forbidden", _FIREWALL),
    ("TooLarge", _TYPE.REQUEST_TOO_LARGE, "payload_too_large", "the body is over the limit"),
    ("MediaType", _TYPE.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "this content type is not served"),
    ("Throttled", _TYPE.THROTTLED, "throttled", "too many requests; try again later"),
    ("QuotaExceeded", _TYPE.QUOTA_EXCEEDED, "quota_exceeded", "the quota of this key is used up"),
    ("Timeout", _TYPE.INTEGRATION_TIMEOUT, "deadline_exceeded", "the model did not answer in time"),
)


def add_gateway_responses(api: apigateway.RestApi, cors: Cors | None) -> None:
    """Give the gateway's own answers the error shape, and let the browser read them where a page may call."""
    headers = {"X-Request-Id": "context.requestId", **gateway_headers(cors)}
    for name, kind, code, text in _ANSWERS:
        body = json.dumps({"error": text, "code": code, "request_id": "$context.requestId"})
        api.add_gateway_response(name, type=kind, response_headers=headers, templates={"application/json": body})
