"""API Gateway's events in, proxy responses out, whatever an event holds."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from functions.catalog.app import create_app
from functions.catalog.credentials import Credentials
from functions.catalog.proxy import build_handler
from serin.apigateway import Handler
from tests.functions.catalog.fixed_catalog import FixedCatalog
from tests.functions.catalog.releases.fixed_history import NAME, carried_out
from tests.gateway.events import HttpRequest, proxy_event


class Context:
    aws_request_id = "lambda-request"

    def get_remaining_time_in_millis(self) -> int:
        return 10_000


@pytest.fixture
def handler() -> Iterator[Handler]:
    """On a loop of its own, as Mangum uses the thread's current one."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield build_handler(create_app(FixedCatalog(), Credentials.API_KEY, carried_out()))
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    asyncio.set_event_loop(None)


def get(path: str, /, **changes: Any) -> dict[str, Any]:
    """API Gateway's event for a GET of ``path``, with ``changes`` to its top level."""
    event = proxy_event(HttpRequest("GET", path, (("Host", "api.example.org"),), b""), "192.0.2.1")
    event["requestContext"]["requestId"] = "gateway-request"
    return event | changes


def code_of(answer: dict[str, Any]) -> str:
    error = json.loads(answer["body"])
    assert error.keys() == {"error", "code", "request_id"}
    code: str = error["code"]
    return code


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/v2", "/v2/models", "/v2/health/ready"])
def test_a_route_answers_as_api_gateway_wants_it(handler: Handler, path: str) -> None:
    answer = handler(get(path), Context())
    assert answer.keys() == {"statusCode", "headers", "body", "isBase64Encoded"}
    assert (answer["statusCode"], answer["isBase64Encoded"]) == (200, False)
    assert answer["headers"]["x-request-id"] == "gateway-request"
    assert len(json.dumps(answer)) < 6_291_556


def test_the_largest_asset_fits_into_an_answer(handler: Handler) -> None:
    answer = handler(get("/docs-assets/swagger-ui-bundle.js"), Context())
    assert answer["statusCode"] == 200
    assert len(answer["body"]) > 1_000_000
    assert len(json.dumps(answer)) < 3_000_000


@pytest.mark.parametrize("path", ["/nope", "/v2%2Fmodels", "/docs/", "/models/iris", "/v2/models/iris/explain"])
def test_what_is_no_route_is_404(handler: Handler, path: str) -> None:
    answer = handler(get(path), Context())
    assert (answer["statusCode"], code_of(answer)) == (404, "not_found")


@pytest.mark.parametrize("path", ["/v2/models/iris", "/v2/models/iris/ready", "/v2/models/nobody"])
def test_a_model_s_own_path_finds_no_model_here(handler: Handler, path: str) -> None:
    answer = handler(get(path), Context())
    assert (answer["statusCode"], code_of(answer)) == (404, "model_not_found")


STAGED = [
    ({"path": "/dev/"}, "/", "/dev"),
    ({"path": "/dev"}, "/", "/dev"),
    ({"path": "/dev/openapi.json"}, "/openapi.json", "/dev"),
    ({"path": "/a/b_c/openapi.json"}, "/openapi.json", "/a/b_c"),
    ({"path": "/openapi.json"}, "/openapi.json", ""),
    ({}, "/openapi.json", ""),
    ({"path": None}, "/openapi.json", ""),
    ({"path": "/elsewhere"}, "/openapi.json", ""),
    ({"path": '/"><script>/openapi.json'}, "/openapi.json", ""),
]


@pytest.mark.parametrize(("context", "path", "root"), STAGED)
def test_the_stage_stands_before_every_link(handler: Handler, context: dict[str, Any], path: str, root: str) -> None:
    accept = {"headers": {"Accept": "application/json"}, "multiValueHeaders": None}
    answer = handler(get(path, requestContext=context, **accept), Context())
    body = json.loads(answer["body"])
    if path == "/":
        assert body["docs"] == f"{root}/docs"
    else:
        assert body.get("servers") == ([{"url": root}] if root else None)


def test_a_line_to_paste_has_the_api_s_host_and_stage(handler: Handler) -> None:
    page = handler(get("/", requestContext={"path": "/dev/"}), Context())["body"]
    assert "https://api.example.org/dev/models/iris/predict" in page


FOREIGN: dict[str, object] = {
    "null": None,
    "empty": {},
    "a list": [],
    "text": "GET /",
    "S3": {"Records": [{"eventSource": "aws:s3", "s3": {"bucket": {"name": "b"}}}]},
    "SQS": {"Records": [{"eventSource": "aws:sqs", "body": "{}"}]},
    "an HTTP API": {"version": "2.0", "rawPath": "/v2", "requestContext": {"http": {"method": "GET", "path": "/v2"}}},
    "a load balancer": {"requestContext": {"elb": {}}, "httpMethod": "GET", "path": None},
    "CloudFront": {"Records": [{"cf": {"request": {"uri": "/v2", "method": "GET"}}}]},
}


@pytest.mark.parametrize("event", FOREIGN.values(), ids=FOREIGN.keys())
def test_an_event_that_is_no_request_is_a_typed_error(handler: Handler, event: object) -> None:
    answer = handler(event, Context())
    assert (answer["statusCode"], code_of(answer)) == (400, "malformed_request")
    assert json.loads(answer["body"])["request_id"] == "lambda-request"


BROKEN = {
    "bad base64": {"body": "%%%", "isBase64Encoded": True},
    "base64 flag on plain text": {"body": "{}", "isBase64Encoded": True},
    "bad padding": {"body": "YQ", "isBase64Encoded": True},
    "a flag that is text": {"body": "{}", "isBase64Encoded": "false"},
    "a body that is no text": {"body": {"a": 1}},
    "a surrogate in the body": {"body": "\ud800"},
    "a method that is no text": {"httpMethod": 7},
    "a path that is no text": {"path": ["/v2"]},
    "two content types": {"headers": {}, "multiValueHeaders": {"Content-Type": ["text/plain", "text/html"]}},
}


@pytest.mark.parametrize("changes", BROKEN.values(), ids=BROKEN.keys())
def test_an_envelope_that_cannot_be_read_is_a_typed_error(handler: Handler, changes: dict[str, Any]) -> None:
    answer = handler(get("/v2", **changes), Context())
    assert (answer["statusCode"], code_of(answer)) == (400, "malformed_request")


ODD = {
    "no headers": {"headers": None, "multiValueHeaders": None},
    "headers that are no map": {"headers": "x", "multiValueHeaders": [1]},
    "values that are no text": {"headers": {"accept": None, "x": 7}, "multiValueHeaders": {"accept": "text/html"}},
    "a host with many colons": {"headers": {"Host": "a:b:c"}, "multiValueHeaders": None},
    "a port that is no number": {"headers": {"Host": "a", "X-Forwarded-Port": "x"}, "multiValueHeaders": None},
    "a surrogate in a header": {"headers": {"X-\ud800": "\ud800", "accept": "\ud800"}, "multiValueHeaders": None},
    "CR and LF in a header": {"headers": {"accept": "text/html\r\nx-forged: 1"}, "multiValueHeaders": None},
    "a surrogate in the query": {"multiValueQueryStringParameters": {"a": ["\ud800"], "\udfff": None}},
    "no context": {"requestContext": None},
    "a context that is no map": {"requestContext": ["x"]},
    "a request id with a line break": {"requestContext": {"requestId": "a\nb"}},
    "a body on a GET": {"body": base64.b64encode(b"{}").decode(), "isBase64Encoded": True},
}


@pytest.mark.parametrize("changes", ODD.values(), ids=ODD.keys())
def test_what_a_route_does_not_read_cannot_hurt_it(handler: Handler, changes: dict[str, Any]) -> None:
    for path in ("/v2", "/"):
        answer = handler(get(path, **changes), Context())
        assert answer["statusCode"] == 200
        assert not any("\n" in value or "\r" in value for value in answer["headers"].values())
        assert "forged" not in json.dumps(answer)


@pytest.mark.parametrize("path", ["/\ud800", "/v2\x00", "/v2\r\nx: y", "", "v2", "//v2", "/../v2", "/%", "/%ff"])
def test_a_path_that_is_none_is_404(handler: Handler, path: str) -> None:
    answer = handler(get("/v2", path=path), Context())
    assert (answer["statusCode"], code_of(answer)) == (404, "not_found")


def test_an_unknown_method_is_405(handler: Handler) -> None:
    for method in ("POST", "BREW", "GET\r\n", ""):
        answer = handler(get("/v2", httpMethod=method), Context())
        assert (answer["statusCode"], code_of(answer)) == (405, "method_not_allowed")


CALLER = "arn:aws:sts::111122223333:assumed-role/release/ada"


def signed(path: str, /, **changes: Any) -> dict[str, Any]:
    """The event of a GET whose signature API Gateway has checked."""
    event = get(path, **changes)
    event["requestContext"]["identity"] |= {"userArn": CALLER, "caller": "AROAEXAMPLE:ada"}
    return event


@pytest.mark.parametrize("query", ["", "?limit=2"])
def test_a_signed_request_sees_releases_and_its_query_is_read(handler: Handler, query: str) -> None:
    answer = handler(signed(f"/releases/{NAME}{query}"), Context())
    assert answer["statusCode"] == 200
    assert [each["number"] for each in json.loads(answer["body"])["releases"]] == [3, 2, 1][: 2 if query else 3]


def test_every_value_of_a_query_is_read(handler: Handler) -> None:
    for query in ("?limit=1&limit=2", "?limit=1%26limit=2", "?limit=%F0%9F%98%80", "?limit=1;x", "?limit=%2B1"):
        answer = handler(signed(f"/releases/{NAME}{query}"), Context())
        assert (answer["statusCode"], code_of(answer)) == (422, "invalid_input"), query


@pytest.mark.parametrize("query", [None, {}, "limit=1", {"limit": None}, {"limit": [None, 7]}, {7: ["1"]}])
def test_a_query_that_is_none_is_as_no_query(handler: Handler, query: object) -> None:
    event = signed(f"/releases/{NAME}", multiValueQueryStringParameters=query)
    assert handler(event, Context())["statusCode"] == 200


# API Gateway matches paths as they are written; these, it takes for unknown ones, which a key opens.
@pytest.mark.parametrize(
    "path", [f"/releases/{NAME}", f"/%72eleases/{NAME}", f"/release%73/{NAME}/latest", f"/%72%65leases/{NAME}/1"]
)
def test_a_way_around_the_signature_is_no_route(handler: Handler, path: str) -> None:
    answer = handler(get(path), Context())
    assert (answer["statusCode"], code_of(answer)) == (404, "not_found")


IDENTITIES: dict[str, object] = {
    "none": None,
    "no map": [CALLER],
    "nobody": {"userArn": None},
    "nobody's name": {"userArn": ""},
    "no text": {"userArn": {"a": CALLER}},
    "a key": {"apiKey": "k", "apiKeyId": "i", "accessKey": None},
}


@pytest.mark.parametrize("identity", IDENTITIES.values(), ids=IDENTITIES.keys())
def test_only_a_caller_whom_api_gateway_knows_sees_releases(handler: Handler, identity: object) -> None:
    event = get(f"/releases/{NAME}", requestContext={"identity": identity})
    assert code_of(handler(event, Context())) == "not_found"


def test_no_header_or_query_of_a_client_makes_it_a_caller(handler: Handler) -> None:
    forged = {"userArn": CALLER, "is_signed": "true", "Authorization": "AWS4-HMAC-SHA256 Credential=x"}
    event = get(f"/releases/{NAME}", headers=forged, multiValueHeaders=None, multiValueQueryStringParameters=None)
    assert code_of(handler(event, Context())) == "not_found"
