"""The answers that a web page may read."""

from __future__ import annotations

from typing import Any

import pytest

from serin.apigateway import LambdaContext
from serin.cross_origin import readable_by

ORIGIN = "https://app.example.org"


class Context:
    """Of no invocation."""

    aws_request_id = "lambda-request"

    def get_remaining_time_in_millis(self) -> int:
        return 1000


def answering(status: int) -> Any:
    def handle(_event: object, _context: LambdaContext) -> dict[str, Any]:
        return {"statusCode": status, "headers": {"x-request-id": "r-1"}, "body": "{}", "isBase64Encoded": False}

    return handle


@pytest.mark.parametrize("status", [200, 422, 500])
def test_every_answer_names_the_page_and_the_headers_it_may_read(status: int) -> None:
    answer = readable_by(ORIGIN, answering(status))({}, Context())
    headers = answer["headers"]
    assert (answer["statusCode"], headers["x-request-id"]) == (status, "r-1")
    assert headers["access-control-allow-origin"] == ORIGIN
    exposed = set(headers["access-control-expose-headers"].split(", "))
    assert {"x-request-id", "x-prediction-id", "x-model-version", "inference-header-content-length"} <= exposed


def test_without_a_page_the_handler_is_left_alone() -> None:
    handler = answering(200)
    assert readable_by(None, handler) is handler
