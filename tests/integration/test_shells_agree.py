"""One table of requests, two shells: the bodies are the same bytes, and so are status and headers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import pytest

from tests.integration.bodies import MODEL, PREDICT
from tests.integration.exchanges import every_exchange
from tests.integration.shells import JSON, Answer, Exchange, Shell, rows
from tests.sample_models import NAMES, Sample

TABLE: Final = every_exchange()
TRANSPORT: Final = frozenset({"date", "server", "connection", "keep-alive", "x-cold-start"})
"""Headers of the connection, which API Gateway makes its own, and of the process."""
IDENTITIES: Final = {"x-request-id": "<request>", "x-prediction-id": "<prediction>"}
TRACE: Final = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def masked(answer: Answer) -> Answer:
    """The answer without what differs from request to request; lengths stay, as ids are equally long."""
    body, headers = answer.body, dict(answer.headers)
    for name, mask in IDENTITIES.items():
        if name in headers:
            body = body.replace(headers[name].encode(), mask.encode())
            headers[name] = mask
    return Answer(answer.status, {name: value for name, value in headers.items() if name not in TRANSPORT}, body)


def both(shells: Mapping[str, Shell], exchange: Exchange) -> tuple[Answer, Answer]:
    uvicorn, on_lambda = (shells[name].send(exchange) for name in ("uvicorn", "lambda"))
    return uvicorn, on_lambda


@pytest.mark.parametrize("name", TABLE)
def test_both_shells_give_the_same_answer(shells: Mapping[str, Shell], name: str) -> None:
    uvicorn, on_lambda = both(shells, TABLE[name])
    assert (uvicorn.status, on_lambda.status) == (TABLE[name].status,) * 2, (uvicorn.body[:200], on_lambda.body[:200])
    assert masked(on_lambda) == masked(uvicorn)


@pytest.mark.parametrize(
    "name", [name for name, exchange in TABLE.items() if exchange.status >= 400 and exchange.method != "HEAD"]
)
def test_every_refusal_has_the_one_shape(shells: Mapping[str, Shell], name: str) -> None:
    answer = shells["lambda"].send(TABLE[name])
    error = json.loads(answer.body)
    assert error.keys() == {"error", "code", "request_id"}
    assert error["request_id"] == answer.headers["x-request-id"]
    assert "\n" not in error["error"]


def test_no_header_of_a_client_passes_for_one_of_the_servers(
    shells: Mapping[str, Shell], samples: Mapping[str, Sample]
) -> None:
    body = rows(samples[MODEL].cases[0].instance)
    for name in ("X-Request-Id", "X-Model-Version", "X-Model-Name", "X-Prediction-Id", "X-Amzn-Trace-Id"):
        uvicorn, on_lambda = both(shells, Exchange(200, "POST", PREDICT, body, (*JSON, (name, "forged"))))
        assert masked(on_lambda) == masked(uvicorn)
        assert "forged" not in {*uvicorn.headers.values(), *on_lambda.headers.values()}


@pytest.mark.parametrize("shell", ["uvicorn", "lambda"])
def test_requests_at_once_get_their_own_answers(
    shells: Mapping[str, Shell], samples: Mapping[str, Sample], shell: str
) -> None:
    sample = samples[MODEL]
    requests = [Exchange(200, "POST", PREDICT, rows(case.instance)) for case in sample.cases]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(shells[shell].send, requests))
    predictions = [prediction for answer in answers for prediction in json.loads(answer.body)["predictions"]]
    assert sample.differences(predictions, sample.cases) == []


@pytest.mark.parametrize(("sent", "passed"), [(TRACE, True), ("forged", False), (TRACE.upper(), False)])
def test_a_trace_is_passed_on_where_it_is_one(
    shells: Mapping[str, Shell], samples: Mapping[str, Sample], sent: str, passed: bool
) -> None:
    body = rows(samples[MODEL].cases[0].instance)
    for answer in both(shells, Exchange(200, "POST", PREDICT, body, (*JSON, ("traceparent", sent)))):
        assert answer.status == 200
        assert answer.headers.get("traceparent") == (sent if passed else None)


def test_the_index_page_is_the_same_but_for_the_scheme(shells: Mapping[str, Shell]) -> None:
    uvicorn, on_lambda = both(shells, Exchange(200, "GET", "/", headers=(("Accept", "text/html"),)))
    plain = on_lambda.body.replace(b"https://localhost/", b"http://localhost/")
    assert (on_lambda.status, plain) == (uvicorn.status, uvicorn.body) == (200, uvicorn.body)


def test_the_list_of_models_is_the_same_but_for_the_deployments_number(shells: Mapping[str, Shell]) -> None:
    uvicorn, on_lambda = both(shells, Exchange(200, "GET", "/v2/models", headers=()))
    listing = json.loads(on_lambda.body)
    assert [share.pop("deployment") for model in listing["models"] for share in model["serving"]] == ["1"] * len(NAMES)
    assert listing == json.loads(uvicorn.body)
    assert {model["state"] for model in listing["models"]} == {"ready"}


def test_the_documents_are_the_same_but_for_the_key(shells: Mapping[str, Shell]) -> None:
    uvicorn, on_lambda = both(shells, Exchange(200, "GET", "/openapi.json", headers=()))
    document: dict[str, Any] = json.loads(on_lambda.body)
    assert document["components"].pop("securitySchemes").keys() == {"ApiKey"}
    assert document.pop("security") == [{"ApiKey": []}]
    assert document == json.loads(uvicorn.body)
