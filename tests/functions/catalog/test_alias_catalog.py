"""Readiness of models that are functions of their own, asked through boto3 over HTTP from a Lambda API in memory."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import unquote

import boto3
import msgspec
import pytest
from botocore.config import Config

from functions.catalog.alias_catalog import CLIENT, FRESH_SECONDS, AliasCatalog
from tests.functions.catalog.sample_manifests import IRIS, LOAN, PRICE

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

READY = b'{"statusCode": 200, "headers": {}, "body": "{}", "isBase64Encoded": false}'
NOT_READY = b'{"statusCode": 503, "headers": {}, "body": "{}", "isBase64Encoded": false}'


@dataclass
class LambdaApi:
    """Lambda's Invoke API: what each function answers, and what it was asked."""

    url: str = ""
    answers: dict[str, bytes] = field(default_factory=dict)
    raising: set[str] = field(default_factory=set)
    delay: float = 0.0
    asked: list[tuple[str, object]] = field(default_factory=list)


@pytest.fixture
def api() -> Iterator[LambdaApi]:
    known = LambdaApi()

    class Invoke(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            event = json.loads(self.rfile.read(int(self.headers["content-length"])))
            function = unquote(self.path.split("/")[3])
            known.asked.append((function, event))
            time.sleep(known.delay)
            self.send_response(200 if function in known.answers else 404)
            if function in known.raising:
                self.send_header("X-Amz-Function-Error", "Unhandled")
            body = known.answers.get(function, b"{}")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            """Tests print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Invoke)
    known.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield known
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")


def client_of(url: str, config: Config = CLIENT) -> LambdaClient:
    return boto3.client("lambda", region_name="eu-west-1", endpoint_url=url, config=config)


FUNCTIONS = {"iris": "iris-function:live", "loan": "arn:aws:lambda:eu-west-1:000000000000:function:loan-function:live"}


def catalog_of(api: LambdaApi, config: Config = CLIENT) -> AliasCatalog:
    return AliasCatalog([IRIS, LOAN], FUNCTIONS, client_of(api.url, config))


def test_each_model_s_alias_is_asked_by_an_event_of_api_gateway(api: LambdaApi) -> None:
    api.answers = dict.fromkeys(FUNCTIONS.values(), READY)
    assert catalog_of(api).ready() == {"iris": True, "loan": True}
    assert {function for function, _ in api.asked} == set(FUNCTIONS.values())
    event = dict(api.asked)["iris-function:live"]
    assert event == {"httpMethod": "GET", "path": "/v2/models/iris/ready", "headers": {}, "body": None}


@pytest.mark.parametrize(
    "answer",
    [NOT_READY, b"", b"null", b"[]", b"{}", b'{"statusCode": "200"}', b'{"errorMessage": "x", "errorType": "y"}'],
)
def test_any_other_answer_than_200_is_not_ready(api: LambdaApi, answer: bytes) -> None:
    api.answers = {FUNCTIONS["iris"]: answer, FUNCTIONS["loan"]: READY}
    assert catalog_of(api).ready() == {"iris": False, "loan": True}


def test_a_function_that_raises_is_not_ready(api: LambdaApi) -> None:
    api.answers = dict.fromkeys(FUNCTIONS.values(), READY)
    api.raising = {FUNCTIONS["iris"]}
    assert catalog_of(api).ready() == {"iris": False, "loan": True}


def test_a_function_that_is_not_there_is_not_ready(api: LambdaApi) -> None:
    api.answers = {FUNCTIONS["loan"]: READY}
    assert catalog_of(api).ready() == {"iris": False, "loan": True}


def test_a_model_without_a_function_is_not_ready_and_nobody_is_asked(api: LambdaApi) -> None:
    catalog = AliasCatalog([PRICE], FUNCTIONS, client_of(api.url))
    assert catalog.ready() == {"price": False}
    assert api.asked == []


def test_an_api_that_does_not_answer_in_time_is_not_waited_for(api: LambdaApi) -> None:
    api.answers = dict.fromkeys(FUNCTIONS.values(), READY)
    api.delay = 1.0
    begun = time.monotonic()
    assert catalog_of(api, CLIENT.merge(Config(read_timeout=0.2))).ready() == {"iris": False, "loan": False}
    assert time.monotonic() - begun < 0.9
    assert len(api.asked) == 2  # once each: what is late is not asked again


def test_an_api_that_is_not_there_makes_nothing_ready() -> None:
    catalog = AliasCatalog([IRIS], FUNCTIONS, client_of("http://127.0.0.1:9"))
    assert catalog.ready() == {"iris": False}


def test_models_are_asked_side_by_side(api: LambdaApi) -> None:
    names = [f"function-{i}" for i in range(8)]
    api.answers = dict.fromkeys(names, READY)
    api.delay = 0.25
    manifests = [msgspec.structs.replace(IRIS, name=name) for name in names]
    catalog = AliasCatalog(manifests, {name: name for name in names}, client_of(api.url))
    begun = time.monotonic()
    assert catalog.ready() == dict.fromkeys(names, True)
    assert time.monotonic() - begun < 1.0  # one after the other they would take two seconds


def test_an_answer_holds_for_some_seconds_and_no_longer(api: LambdaApi) -> None:
    now = 1000.0
    api.answers = dict.fromkeys(FUNCTIONS.values(), READY)
    catalog = AliasCatalog([IRIS], FUNCTIONS, client_of(api.url), clock=lambda: now)
    assert catalog.ready() == {"iris": True}
    api.answers = dict.fromkeys(FUNCTIONS.values(), NOT_READY)
    now += FRESH_SECONDS - 0.01
    assert catalog.ready() == {"iris": True}
    now += 0.02
    assert catalog.ready() == {"iris": False}
    assert len(api.asked) == 2


def test_many_requests_at_once_ask_once(api: LambdaApi) -> None:
    api.answers = dict.fromkeys(FUNCTIONS.values(), READY)
    api.delay = 0.1
    catalog = AliasCatalog([IRIS], FUNCTIONS, client_of(api.url))
    threads = [threading.Thread(target=catalog.ready) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(api.asked) == 1


def test_the_wait_for_one_ask_is_well_below_api_gateway_s_29_seconds() -> None:
    assert CLIENT.connect_timeout + CLIENT.read_timeout < 10  # type: ignore[attr-defined]
