"""The gateway that other tests stand behind does what API Gateway does."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.gateway.events import BAD_GATEWAY, HttpRequest, HttpResponse, http_response, proxy_event


def event_of(target: str, body: bytes = b"", *headers: tuple[str, str]) -> dict[str, Any]:
    return proxy_event(HttpRequest("POST", target, headers, body), "192.0.2.7")


def test_a_path_stays_encoded_and_its_parameter_does_not() -> None:
    event = event_of("/models/a%2Fb%20c/predict?x=1")
    assert event["path"] == "/models/a%2Fb%20c/predict"
    assert event["pathParameters"] == {"proxy": "models/a/b c/predict"}


def test_a_query_is_decoded_and_its_last_value_stands_alone() -> None:
    event = event_of("/?a=1&a=2%203&b=")
    assert event["queryStringParameters"] == {"a": "2 3", "b": ""}
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2 3"], "b": [""]}


def test_a_header_that_stands_twice_keeps_both_values() -> None:
    event = event_of("/", b"", ("X-A", "1"), ("X-A", "2"))
    assert event["headers"]["X-A"] == "2"
    assert event["multiValueHeaders"]["X-A"] == ["1", "2"]


def test_a_body_travels_in_base64_and_none_as_null() -> None:
    event = event_of("/", b"\x00\xff")
    assert (base64.b64decode(event["body"]), event["isBase64Encoded"]) == (b"\x00\xff", True)
    event = event_of("/")
    assert (event["body"], event["isBase64Encoded"]) == (None, False)


def test_a_body_travels_as_text_when_told() -> None:
    event = proxy_event(HttpRequest("POST", "/", (), "\u00e9".encode()), "192.0.2.7", as_text=True)
    assert (event["body"], event["isBase64Encoded"]) == ("\u00e9", False)


def test_every_request_has_an_id_of_its_own() -> None:
    ids = {event_of("/")["requestContext"]["requestId"] for _ in range(3)}
    assert len(ids) == 3


def test_an_answer_is_passed_on_as_text_or_decoded() -> None:
    text = http_response(json.dumps({"statusCode": 201, "headers": {"A": "1"}, "body": "\u00e9"}).encode())
    assert text == HttpResponse(201, (("A", "1"),), "\u00e9".encode())
    binary = http_response(b'{"statusCode": 200, "body": "AP8=", "isBase64Encoded": true}')
    assert binary == HttpResponse(200, (), b"\x00\xff")


def test_several_values_of_a_header_win_over_one() -> None:
    answer = http_response(b'{"statusCode": 200, "headers": {"A": "0"}, "multiValueHeaders": {"A": ["1", "2"]}}')
    assert answer.headers == (("A", "1"), ("A", "2"))


@pytest.mark.parametrize(
    "payload",
    [
        b"null",
        b'"done"',
        b"{}",
        b'{"statusCode": "200"}',
        b'{"statusCode": 200, "body": {}}',
        b'{"statusCode": 200, "body": "?", "isBase64Encoded": true}',
        b'{"statusCode": 200, "answer": 1}',
        b'{"errorMessage": "boom", "errorType": "ValueError"}',
        b"Task timed out after 2.00 seconds",
    ],
)
def test_an_answer_that_is_no_proxy_response_is_a_bad_gateway(payload: bytes) -> None:
    assert http_response(payload) == BAD_GATEWAY
