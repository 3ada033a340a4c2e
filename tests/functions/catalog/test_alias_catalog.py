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
from botocore.exceptions import ClientError, EndpointConnectionError

from functions.catalog.alias_catalog import CLIENT, FRESH_SECONDS, AliasCatalog
from functions.catalog.app import create_app
from functions.catalog.catalog import ModelStatus, Share
from tests.functions.catalog.calls import call
from tests.functions.catalog.sample_manifests import IRIS, LOAN, PRICE
from tests.gateway.control import Published, function_arn, read_function

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

READY = b'{"statusCode": 200, "headers": {}, "body": "{}", "isBase64Encoded": false}'
NOT_READY = b'{"statusCode": 503, "headers": {}, "body": "{}", "isBase64Encoded": false}'


@dataclass
class LambdaApi:
    """Lambda's API: what each function answers, what it was asked, and which versions there are."""

    url: str = ""
    published: dict[str, Published] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)
    answers: dict[str, bytes] = field(default_factory=dict)
    raising: set[str] = field(default_factory=set)
    delay: float = 0.0
    meeting: threading.Barrier | None = None
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
            if known.meeting is not None:
                known.meeting.wait()
            self.send_response(200 if function in known.answers else 404)
            if function in known.raising:
                self.send_header("X-Amz-Function-Error", "Unhandled")
            body = known.answers.get(function, b"{}")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            known.reads.append(unquote(path.split("/", 4)[4]))
            body = read_function(path, known.published)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"{}")))
            self.end_headers()
            self.wfile.write(body or b"{}")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            """Tests print nothing."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 64  # callers come at once; a full queue would turn some away for a second

    server = Server(("127.0.0.1", 0), Invoke)
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


FUNCTIONS = {name: f"{function_arn(f'{name}-function')}:live" for name in ("iris", "loan")}


_PATIENT = CLIENT.merge(Config(connect_timeout=20, read_timeout=30))
"""For tests of order, which must not depend on how busy the machine is."""


def catalog_of(api: LambdaApi, config: Config = CLIENT) -> AliasCatalog:
    return AliasCatalog([IRIS, LOAN], lambda: FUNCTIONS, client_of(api.url, config))


def readiness(catalog: AliasCatalog) -> dict[str, bool]:
    return {name: status.ready for name, status in catalog.status().items()}


def test_each_model_s_alias_is_asked_by_an_event_of_api_gateway(api: LambdaApi) -> None:
    api.answers = dict.fromkeys(FUNCTIONS.values(), READY)
    assert readiness(catalog_of(api)) == {"iris": True, "loan": True}
    assert {function for function, _ in api.asked} == set(FUNCTIONS.values())
    event = dict(api.asked)[FUNCTIONS["iris"]]
    assert event == {"httpMethod": "GET", "path": "/v2/models/iris/ready", "headers": {}, "body": None}


@pytest.mark.parametrize(
    "answer",
    [NOT_READY, b"", b"null", b"[]", b"{}", b'{"statusCode": "200"}', b'{"errorMessage": "x", "errorType": "y"}'],
)
def test_any_other_answer_than_200_is_not_ready(api: LambdaApi, answer: bytes) -> None:
    api.answers = {FUNCTIONS["iris"]: answer, FUNCTIONS["loan"]: READY}
    assert readiness(catalog_of(api)) == {"iris": False, "loan": True}


def test_a_function_that_raises_is_not_ready(api: LambdaApi) -> None:
    api.answers = dict.fromkeys(FUNCTIONS.values(), READY)
    api.raising = {FUNCTIONS["iris"]}
    assert readiness(catalog_of(api)) == {"iris": False, "loan": True}


def test_a_function_that_is_not_there_is_not_ready(api: LambdaApi) -> None:
    api.answers = {FUNCTIONS["loan"]: READY}
    assert readiness(catalog_of(api)) == {"iris": False, "loan": True}


def test_a_model_without_a_function_is_not_ready_and_nobody_is_asked(api: LambdaApi) -> None:
    catalog = AliasCatalog([PRICE], lambda: FUNCTIONS, client_of(api.url))
    assert readiness(catalog) == {"price": False}
    assert api.asked == []


def test_an_api_that_does_not_answer_in_time_is_not_waited_for(api: LambdaApi) -> None:
    api.answers = dict.fromkeys(FUNCTIONS.values(), READY)
    api.delay = 1.0
    begun = time.monotonic()
    assert readiness(catalog_of(api, CLIENT.merge(Config(read_timeout=0.2)))) == {"iris": False, "loan": False}
    assert time.monotonic() - begun < 0.9
    assert len(api.asked) == 2  # once each: what is late is not asked again


def test_an_api_that_is_not_there_makes_nothing_ready() -> None:
    catalog = AliasCatalog([IRIS], lambda: FUNCTIONS, client_of("http://127.0.0.1:9"))
    assert readiness(catalog) == {"iris": False}


def test_models_are_asked_side_by_side(api: LambdaApi) -> None:
    names = [f"function-{i}" for i in range(16)]
    aliases = {name: f"{function_arn(name)}:live" for name in names}
    api.answers = dict.fromkeys(aliases.values(), READY)
    api.meeting = threading.Barrier(len(names), timeout=20)  # nobody is answered before all have asked
    manifests = [msgspec.structs.replace(IRIS, name=name) for name in names]
    catalog = AliasCatalog(manifests, lambda: aliases, client_of(api.url, _PATIENT))
    assert readiness(catalog) == dict.fromkeys(names, True)


def test_an_answer_holds_for_some_seconds_and_no_longer(api: LambdaApi) -> None:
    now = 1000.0
    api.answers = dict.fromkeys(FUNCTIONS.values(), READY)
    catalog = AliasCatalog([IRIS], lambda: FUNCTIONS, client_of(api.url), clock=lambda: now)
    assert readiness(catalog) == {"iris": True}
    api.answers = dict.fromkeys(FUNCTIONS.values(), NOT_READY)
    now += FRESH_SECONDS - 0.01
    assert readiness(catalog) == {"iris": True}
    now += 0.02
    assert readiness(catalog) == {"iris": False}
    assert len(api.asked) == 2


def test_many_requests_at_once_ask_once(api: LambdaApi) -> None:
    api.answers = dict.fromkeys(FUNCTIONS.values(), READY)
    api.delay = 0.1
    catalog = AliasCatalog([IRIS], lambda: FUNCTIONS, client_of(api.url))
    threads = [threading.Thread(target=catalog.status) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(api.asked) == 1


def serving(catalog: AliasCatalog) -> dict[str, tuple[Share, ...]]:
    return {name: status.serving for name, status in catalog.status().items()}


def test_the_versions_that_serve_are_named_by_what_they_were_published_as(api: LambdaApi) -> None:
    api.published = {
        "iris-function": Published({"1": "1.1.0", "7": "1.2.0"}, main="7"),
        "loan-function": Published({"3": "2.0.0", "4": "2.0.0", "5": "2.1.0"}, "3", {"4": 0.3, "5": 0.1}),
    }
    assert serving(catalog_of(api)) == {
        "iris": (Share(version="1.2.0", weight=1.0, deployment="7"),),
        "loan": (
            Share(version="2.0.0", weight=0.6, deployment="3"),
            Share(version="2.0.0", weight=0.3, deployment="4"),
            Share(version="2.1.0", weight=0.1, deployment="5"),
        ),
    }


def test_during_a_release_the_list_of_models_has_both_versions_with_their_weights(api: LambdaApi) -> None:
    api.answers = dict.fromkeys(FUNCTIONS.values(), READY)
    api.published = {"iris-function": Published({"7": "1.1.0", "8": "1.2.0"}, main="7", weights={"8": 0.05})}
    iris, _ = call(create_app(catalog_of(api)), "/v2/models").json()["models"]
    assert (iris["version"], iris["state"]) == ("1.2.0", "ready")
    assert iris["serving"] == [
        {"version": "1.1.0", "weight": 0.95, "deployment": "7"},
        {"version": "1.2.0", "weight": 0.05, "deployment": "8"},
    ]


def test_a_version_without_traffic_is_not_listed(api: LambdaApi) -> None:
    api.published = {"iris-function": Published({"1": "1.1.0", "2": "1.2.0"}, "1", {"2": 1.0})}
    assert serving(catalog_of(api))["iris"] == (Share(version="1.2.0", weight=1.0, deployment="2"),)


def test_versions_are_listed_once_and_again_only_for_a_new_one(api: LambdaApi) -> None:
    now = 1000.0
    first, second = {"1": "1.1.0"}, {"1": "1.1.0", "2": "1.2.0"}
    catalog = AliasCatalog([IRIS], lambda: FUNCTIONS, client_of(api.url), clock=lambda: now)
    for versions, main, listed in ((first, "1", 1), (first, "1", 1), (second, "2", 2), (second, "1", 2)):
        api.published = {"iris-function": Published(versions, main)}
        assert [share.version for share in serving(catalog)["iris"]] == [versions[main]]
        assert api.reads.count("versions") == listed
        now += FRESH_SECONDS + 1


def test_a_version_published_by_another_hand_is_listed_all_the_same(api: LambdaApi) -> None:
    api.published = {"iris-function": Published({"1": ""})}
    assert serving(catalog_of(api))["iris"] == (Share(version="unknown", weight=1.0, deployment="1"),)


def test_a_model_whose_alias_cannot_be_read_may_be_ready_all_the_same(api: LambdaApi) -> None:
    api.answers = dict.fromkeys(FUNCTIONS.values(), READY)
    assert catalog_of(api).status() == dict.fromkeys(FUNCTIONS, ModelStatus(ready=True, serving=()))


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "ThrottlingException"}}, "GetParametersByPath"),
        EndpointConnectionError(endpoint_url="https://ssm.example.org"),
    ],
)
def test_aliases_that_cannot_be_looked_up_make_nothing_ready(api: LambdaApi, error: Exception) -> None:
    def refuse() -> dict[str, str]:
        raise error

    assert readiness(AliasCatalog([IRIS, LOAN], refuse, client_of(api.url))) == {"iris": False, "loan": False}
    assert api.asked == []


def test_the_wait_for_one_ask_is_well_below_api_gateway_s_29_seconds() -> None:
    assert CLIENT.connect_timeout + CLIENT.read_timeout < 10  # type: ignore[attr-defined]
