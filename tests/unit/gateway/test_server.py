"""The gateway's routes, in front of functions that say who they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from local.errors import InvocationTimedOut, LocalError
from local.rie import Invocation
from tests.gateway.server import BODY_LIMIT, Gateway, Routes


@dataclass(frozen=True)
class Named:
    """A function that answers its name, or fails as it is told."""

    name: str
    failure: LocalError | None = None
    payload: bytes | None = None

    def invoke(self, payload: bytes) -> Invocation:
        if self.failure is not None:
            raise self.failure
        answer = json.dumps({"statusCode": 200, "body": self.name}).encode()
        return Invocation(200, self.payload or answer, ())


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with httpx.Client() as connections:
        yield connections


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Gateway() as started:
        started.routes = Routes(
            models={
                "iris": Named("iris"),
                "slow": Named("slow", InvocationTimedOut("too late")),
                "gone": Named("gone", LocalError("no answer")),
                "broken": Named("broken", payload=b'{"errorMessage": "boom", "errorType": "ValueError"}'),
            },
            catalog=Named("catalog"),
            names={f"fn-{name}": name for name in ("iris", "slow", "broken")},
        )
        yield started


@pytest.mark.parametrize(
    ("path", "function"),
    [
        ("/models/iris/predict", "iris"),
        ("/models/iris", "iris"),
        ("/models/%69ris/predict", "iris"),
        ("/v2/models/iris", "iris"),
        ("/v2/models/iris/versions/1.0.0/infer", "iris"),
        ("/v2/models", "catalog"),
        ("/v2/models/", "catalog"),
        ("/v2", "catalog"),
        ("/", "catalog"),
        ("/models/nobody/predict", "catalog"),
        ("/models/iris%2Fpredict", "catalog"),
        ("/v1/models/iris", "catalog"),
    ],
)
def test_a_models_paths_go_to_its_function_and_all_others_to_the_catalogue(
    client: httpx.Client, gateway: Gateway, path: str, function: str
) -> None:
    assert client.post(gateway.url + path).text == function


@pytest.mark.parametrize("model", ["slow", "gone", "broken"])
def test_a_function_that_fails_is_a_bad_gateway(client: httpx.Client, gateway: Gateway, model: str) -> None:
    answer = client.get(f"{gateway.url}/v2/models/{model}")
    assert (answer.status_code, answer.json()) == (502, {"message": "Internal server error"})


def test_a_body_over_the_limit_is_refused(client: httpx.Client, gateway: Gateway) -> None:
    assert client.post(f"{gateway.url}/models/iris/predict", content=bytes(BODY_LIMIT + 1)).status_code == 413


@pytest.mark.parametrize(
    "function", ["fn-iris", "fn-iris:live", "arn:aws:lambda:eu-west-1:000000000000:function:fn-iris:3"]
)
def test_a_function_is_invoked_by_name_alias_or_arn(client: httpx.Client, gateway: Gateway, function: str) -> None:
    answer = client.post(f"{gateway.url}/2015-03-31/functions/{function}/invocations", json={"path": "/ready"})
    assert (answer.status_code, answer.json()["body"]) == (200, "iris")
    assert "x-amz-function-error" not in answer.headers


@pytest.mark.parametrize("function", ["fn-slow", "fn-broken"])
def test_an_invoked_function_that_fails_says_so_in_a_header(
    client: httpx.Client, gateway: Gateway, function: str
) -> None:
    answer = client.post(f"{gateway.url}/2015-03-31/functions/{function}/invocations", json={})
    assert (answer.status_code, answer.headers["x-amz-function-error"]) == (200, "Unhandled")


def test_an_unknown_function_is_not_found(client: httpx.Client, gateway: Gateway) -> None:
    answer = client.post(f"{gateway.url}/2015-03-31/functions/fn-nobody/invocations", json={})
    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (404, "ResourceNotFoundException")
