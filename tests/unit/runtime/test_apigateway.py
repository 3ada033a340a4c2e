"""API Gateway's events into requests, whatever an event holds."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serin.apigateway import LONGEST_TEXT, proxy_response, read_event, request_id_of
from serin.errors import MalformedRequest
from serin.headers import join_headers
from serin.rest import MAX_BODY_BYTES, Response
from tests.gateway.events import HttpRequest, http_response, proxy_event
from tests.properties import tried

REQUEST: Final = HttpRequest("POST", "/models/flower/predict", (("Content-Type", "application/json"),), b'{"a": 1}')


def event(**changes: Any) -> dict[str, Any]:
    return proxy_event(REQUEST, "192.0.2.7", as_text=True) | changes


@pytest.mark.parametrize("as_text", [False, True])
def test_an_event_is_the_request_that_it_was_made_of(as_text: bool) -> None:
    request = read_event(proxy_event(REQUEST, "192.0.2.7", as_text=as_text), "r-1", 12.5)
    assert (request.method, request.path, request.body) == ("POST", "/models/flower/predict", b'{"a": 1}')
    assert request.headers["content-type"] == "application/json"
    assert (request.request_id, request.deadline) == ("r-1", 12.5)


FOREIGN: Final[dict[str, Any]] = {
    "null": None,
    "a list": [],
    "text": "POST",
    "empty": {},
    "S3": {"Records": [{"eventSource": "aws:s3", "s3": {"object": {"key": "k"}}}]},
    "SQS": {"Records": [{"eventSource": "aws:sqs", "body": "{}"}]},
    "Kinesis": {"Records": [{"eventSource": "aws:kinesis", "kinesis": {"data": "e30="}}]},
    "an HTTP API": {"version": "2.0", "rawPath": "/", "requestContext": {"http": {"method": "GET"}}},
    "no method": event(httpMethod=None),
    "no path": event(path=None),
    "a path that is a list": event(path=["/"]),
    "a body that is a dictionary": event(body={"a": 1}),
    "a body that is a number": event(body=7),
    "a flag that is text": event(isBase64Encoded="false"),
    "a flag that is a number": event(isBase64Encoded=1),
    "base64 that is none": event(isBase64Encoded=True),
    "base64 without padding": event(isBase64Encoded=True, body="eyJhIjogMX"),
    "base64 with spaces": event(isBase64Encoded=True, body="eyJh IjogMX0="),
    "base64 of another alphabet": event(isBase64Encoded=True, body="eyJ-_jogMX0="),
    "base64 beyond ASCII": event(isBase64Encoded=True, body="é==="),
    "half a surrogate pair": event(body="\ud800"),
    "two content types": event(multiValueHeaders={"Content-Type": ["text/plain"]}),
    "two content types in one list": event(headers=None, multiValueHeaders={"Content-Type": ["a", "b"]}),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_an_event_that_is_no_readable_request_is_refused(what: str) -> None:
    with pytest.raises(MalformedRequest):
        read_event(FOREIGN[what], "r-1", 0.0)


@pytest.mark.parametrize("body", [None, ""])
@pytest.mark.parametrize("flag", [None, False, True])
def test_no_body_is_an_empty_one(body: str | None, flag: bool | None) -> None:
    assert read_event(event(body=body, isBase64Encoded=flag), "r-1", 0.0).body == b""


def test_a_missing_flag_means_text() -> None:
    without = event()
    del without["isBase64Encoded"]
    assert read_event(without, "r-1", 0.0).body == b'{"a": 1}'


@pytest.mark.parametrize(
    ("single", "multiple", "due"),
    [
        (None, None, {}),
        ({}, {}, {}),
        ({"Accept": "a"}, None, {"accept": "a"}),
        (None, {"Accept": ["b", "a"]}, {"accept": "a, b"}),
        ({"Accept": "b"}, {"accept": ["a", "b"]}, {"accept": "a, b"}),
        ({"Content-Type": "a"}, {"content-type": ["a"]}, {"content-type": "a"}),
        ([1], "text", {}),
        ({"a": None, "b": 1, 2: "c"}, {"d": "no list", "e": [None, 1, "f"]}, {"e": "f"}),
    ],
)
def test_headers_are_read_in_both_forms_and_what_is_no_text_is_left_out(
    single: object, multiple: object, due: dict[str, str]
) -> None:
    assert read_event(event(headers=single, multiValueHeaders=multiple), "r-1", 0.0).headers == due


NAMES: Final = st.sampled_from(["Accept", "accept", "Content-Type", "content-type", "X"])


@tried
@given(st.lists(st.tuples(NAMES, st.sampled_from("abc")), max_size=6), st.booleans())
def test_headers_in_both_forms_are_those_of_all_pairs(pairs: list[tuple[str, str]], backwards: bool) -> None:
    names = sorted(dict(pairs), reverse=backwards)
    several = {name: [value for known, value in pairs if known == name] for name in names}
    try:
        due: dict[str, str] | str = join_headers(pairs)
    except MalformedRequest as error:
        due = error.message
    try:
        found = read_event(event(headers=dict(pairs), multiValueHeaders=several), "r-1", 0.0).headers
    except MalformedRequest as error:
        found = error.message  # type: ignore[assignment]
    assert found == due


@pytest.mark.parametrize(
    ("path", "due"),
    [
        ("/models/a%2Fb/predict", "/models/a%2Fb/predict"),
        ("/models/a b/predict", "/models/a%20b/predict"),
        ("/models/%66lower/predict", "/models/flower/predict"),
        ("/models/../flower", "/models/../flower"),
        ("/models/\0/predict", "/models/%00/predict"),
        ("//models", "//models"),
        ("/models/%zz", "/models/%25zz"),
        ("/models/\ud800", "/models/%ED%A0%80"),
        ("/models/é", "/models/%C3%A9"),
        ("", ""),
    ],
)
def test_a_path_has_one_spelling_and_keeps_its_segments(path: str, due: str) -> None:
    assert read_event(event(path=path), "r-1", 0.0).path == due


@pytest.mark.parametrize(
    ("context", "due"),
    [
        ({"requestId": "abc-1"}, "abc-1"),
        ({"requestId": ""}, "fallback"),
        ({"requestId": None}, "fallback"),
        ({"requestId": 7}, "fallback"),
        ({"requestId": "a\r\nb"}, "fallback"),
        ({"requestId": "é"}, "fallback"),
        ({}, "fallback"),
        (None, "fallback"),
        ("abc", "fallback"),
    ],
)
def test_the_gateways_id_is_taken_where_it_is_one(context: object, due: str) -> None:
    assert request_id_of(event(requestContext=context), "fallback") == due
    assert request_id_of([context], "fallback") == "fallback"


ANY: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS: Final = ["httpMethod", "path", "headers", "multiValueHeaders", "body", "isBase64Encoded", "requestContext"]


@tried
@given(st.dictionaries(st.sampled_from(KEYS), ANY))
def test_no_event_raises_anything_else(changes: dict[str, Any]) -> None:
    given_event = event(**changes)
    assert request_id_of(given_event, "fallback")
    with suppress(MalformedRequest):
        read_event(given_event, "r-1", 0.0)


@pytest.mark.parametrize(
    ("kind", "body", "is_base64"),
    [
        ("application/json", '{"é": 1}'.encode(), False),
        ("text/html; charset=utf-8", b"<p>", False),
        ("application/octet-stream", b"\xff\0", True),
    ],
)
def test_an_answer_travels_as_text_or_in_base64_and_arrives_the_same(kind: str, body: bytes, is_base64: bool) -> None:
    answer = proxy_response(Response(200, {"content-type": kind}, body))
    assert answer["isBase64Encoded"] is is_base64
    assert (base64.b64decode(answer["body"]) if is_base64 else answer["body"].encode()) == body
    sent = http_response(json.dumps(answer).encode())
    assert (sent.status, sent.body) == (200, body)


@pytest.mark.parametrize("character", ['"', "\\", "é", "☃", "\U0001f600", "a"])
@pytest.mark.parametrize("size", [LONGEST_TEXT, LONGEST_TEXT + 1, MAX_BODY_BYTES])
def test_the_largest_answer_stays_within_lambdas_limit_however_it_is_escaped(character: str, size: int) -> None:
    body = (character * (size // len(character.encode()))).encode().ljust(size)
    answer = proxy_response(Response(200, {"content-type": "application/json"}, body))
    payload = json.dumps(answer).encode()  # as Lambda's runtime does it: ASCII only
    assert len(payload) <= 6_291_556
    assert http_response(payload).body == body
