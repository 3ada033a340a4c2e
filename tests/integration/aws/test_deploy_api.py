"""What a deploy gives, and what callers get through the API."""

from __future__ import annotations

import gzip
import json
import time

import pytest

from infra.config import STAGES, ApiKeyAccess
from serin.rest import MAX_BODY_BYTES
from tests.golden_calls import JSON, GoldenCalls
from tests.integration.aws.deployed import CHANGED, Deployed, error, header
from tests.sample_models import NAMES, load_sample

LAMBDA_LIMIT = 6_291_556


# --- the data plane --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/models/diabetes/predict", "/v2/models/diabetes", "/v2/health/ready", "/docs", "/"])
@pytest.mark.parametrize("key", [None, "no-such-key"])
def test_a_call_without_a_key_is_refused(deployed: Deployed, path: str, key: str | None) -> None:
    answer = deployed.send("GET", path, key=key)
    assert (answer.status, error(answer)) == (403, "forbidden")


@pytest.mark.parametrize("name", NAMES)
def test_every_model_gives_its_golden_answers_as_rows_and_as_json_and_binary_tensors(
    deployed: Deployed, name: str
) -> None:
    sample = load_sample(name)
    calls, cases, complete = GoldenCalls(sample, deployed.send), sample.cases, sample.complete()
    assert sample.differences(calls.predict(cases), cases) == []
    assert sample.differences(calls.infer(complete), complete) == []
    assert sample.differences(calls.infer_binary(cases), cases) == []


def test_a_compressed_body_reaches_the_model_as_it_was_sent(deployed: Deployed, row: bytes) -> None:
    headers = {**JSON, "Content-Encoding": "gzip"}
    answer = deployed.send("POST", f"/models/{CHANGED}/predict", gzip.compress(row), headers)
    assert answer.status == 200, answer.body
    plain = deployed.send("POST", f"/models/{CHANGED}/predict", row)
    assert json.loads(answer.body)["predictions"] == json.loads(plain.body)["predictions"]


def test_an_answer_says_who_gave_it_and_passes_the_trace_on(deployed: Deployed, row: bytes) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = deployed.send("POST", f"/models/{CHANGED}/predict", row, {**JSON, "traceparent": trace})
    body = json.loads(answer.body)
    assert (body["model"], body["version"]) == (CHANGED, "1.0.0")
    assert (header(answer, "X-Model-Name"), header(answer, "X-Model-Version")) == (CHANGED, "1.0.0")
    assert body["prediction_ids"] == [f"{header(answer, 'X-Prediction-Id')}-0"]
    assert header(answer, "traceparent").split("-")[1] == trace.split("-")[1]
    assert header(answer, "X-Request-Id")


@pytest.mark.parametrize(
    "path", ["/models/nobody/predict", "/v2/models/nobody/infer", "/v2/models/diabetes/versions/9/infer"]
)
def test_an_unknown_model_is_not_found(deployed: Deployed, path: str) -> None:
    answer = deployed.send("POST", path, b"{}")
    assert (answer.status, error(answer)) == (404, "model_not_found")


def test_a_wrong_row_and_a_wrong_verb_are_the_callers_fault(deployed: Deployed) -> None:
    wrong = deployed.send("POST", f"/models/{CHANGED}/predict", b'{"instances": [{"age": "old"}]}')
    assert wrong.status == 422
    assert "age" in json.loads(wrong.body)["error"]
    assert deployed.send("GET", f"/models/{CHANGED}/predict").status == 405


@pytest.mark.parametrize(("size", "whose"), [(MAX_BODY_BYTES + 1, "the runtime's"), (LAMBDA_LIMIT + 1, "Lambda's")])
def test_a_body_over_the_limit_is_refused_in_one_form_whosever_limit_it_is(
    deployed: Deployed, size: int, whose: str
) -> None:
    """The emulator was taught Lambda's own limit (``launcher.limits``, ``launcher.gateway``)."""
    answer = deployed.send("POST", f"/models/{CHANGED}/predict", b" " * size)
    assert (answer.status, error(answer)) == (413, "payload_too_large"), whose
    assert (str(MAX_BODY_BYTES) in json.loads(answer.body)["error"]) == (whose == "the runtime's")


def test_calls_past_the_plan_are_refused_until_there_is_room_again(deployed: Deployed) -> None:
    access = STAGES["dev"].access
    assert isinstance(access, ApiKeyAccess)
    (plan,) = deployed.client("apigateway").get_usage_plans()["items"]
    assert plan["throttle"] == {"rateLimit": access.throttle.rate, "burstLimit": access.throttle.burst}
    assert (plan["quota"]["limit"], plan["quota"]["period"]) == (access.quota.requests, access.quota.period)
    deployed.limit(rate=1, burst=2)
    answers = [deployed.send("GET", "/v2") for _ in range(8)]
    deployed.limit(rate=access.throttle.rate, burst=access.throttle.burst)
    refused = [answer for answer in answers if answer.status == 429]
    assert {answer.status for answer in answers} == {200, 429}
    assert {error(answer) for answer in refused} == {"throttled"}
    time.sleep(1)
    assert deployed.send("GET", "/v2").status == 200


# --- the control plane -----------------------------------------------------------------------------------------------


def test_the_pages_work_below_the_stages_path(deployed: Deployed) -> None:
    assert deployed.send("GET", "/", headers={"Accept": "text/html"}).body.startswith(b"<!doctype html>")
    page = deployed.send("GET", "/docs").body.decode()
    assert 'src="docs-assets/docs.js"' in page, "relative: the stage's path stays before it"
    for asset in ("docs.js", "swagger-ui.css", "swagger-ui-bundle.js"):
        answer = deployed.send("GET", f"/docs-assets/{asset}")
        assert (answer.status, len(answer.body) > 200) == (200, True), asset
    document = deployed.get("/openapi.json")
    assert [server["url"] for server in document["servers"]] == ["/dev"]
    assert {f"/models/{name}/predict" for name in NAMES} <= document["paths"].keys()


def test_the_catalogue_asks_every_models_alias(deployed: Deployed) -> None:
    assert deployed.get("/v2")["name"] == "serin"
    assert deployed.get("/v2/health/live") == {"live": True}
    assert deployed.get("/v2/health/ready") == {"ready": True}
    found = {each["name"]: each for each in deployed.get("/v2/models")["models"]}
    assert {name: (each["state"], each["serving"]) for name, each in found.items()} == {
        name: ("ready", [{"version": "1.0.0", "weight": 1.0, "deployment": "1"}]) for name in NAMES
    }
