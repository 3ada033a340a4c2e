from __future__ import annotations

import json

import pytest

from cli.bench.proxy import Fault, ProxyAnswer, predict_event, read_answer
from serin.apigateway import read_event


def test_the_event_is_a_predict_request_to_the_runtime() -> None:
    request = read_event(json.loads(predict_event("m", b'{"instances":[{"x":"\xc3\xa9"}]}')), "r", 0.0)
    assert (request.method, request.path) == ("POST", "/models/m/predict")
    assert request.body == b'{"instances":[{"x":"\xc3\xa9"}]}'
    assert request.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("payload", "content"),
    [
        (b'{"statusCode":200,"headers":{},"body":"{}","isBase64Encoded":false}', b"{}"),
        (b'{"statusCode":200,"body":"e30=","isBase64Encoded":true}', b"{}"),
    ],
)
def test_a_proxy_response_is_read(payload: bytes, content: bytes) -> None:
    answer = read_answer(payload)
    assert isinstance(answer, ProxyAnswer)
    assert (answer.status_code, answer.content()) == (200, content)


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b'{"errorType":"Runtime.ExitError","errorMessage":"signal: killed"}', "signal: killed"),
        (b"", "no answer that API Gateway takes"),
        (b'{"statusCode":200,"body":"e","isBase64Encoded":true}', "no answer that API Gateway takes"),
    ],
)
def test_whatever_else_a_function_answers_is_a_fault(payload: bytes, message: str) -> None:
    answer = read_answer(payload)
    assert isinstance(answer, Fault)
    assert answer.error_message == message
