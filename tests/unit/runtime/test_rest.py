"""What the data plane answers, and what it writes of it."""

from __future__ import annotations

import io
import json
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import pytest

from serin.errors import InvalidInput
from serin.observability import Observer, ObserverSettings
from serin.process import FIGURES, REPLAY
from serin.protocol import Datatype
from serin.rest import STATUS, DataPlane, Request, error_response
from serin.service import Model
from serin.tensor import Tensor, pack
from tests.protocol_messages import binary_request, json_request, read_response
from tests.small_models.catalogue import ALL
from tests.unit.runtime.planes import GOOD, Plane, error_of

MARKER: Final = "kiwi7319"
TRACE: Final = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

# --- Answers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [model for model in ALL if model.golden], ids=lambda model: model.name)
def test_golden_cases_get_their_exact_answers(plane: Plane, model: Any) -> None:
    for instance, prediction in model.golden:
        response = plane.send("POST", f"/models/{model.name}/predict", json.dumps({"instances": [instance]}).encode())
        assert response.status == 200
        assert json.loads(response.body)["predictions"] == [prediction]


def test_a_prediction_names_model_version_and_ids(plane: Plane) -> None:
    response = plane.send("POST", "/models/flower/predict", GOOD.replace(b"}]", b'}, {"petal length": 1}]'))
    body = json.loads(response.body)
    prediction_id = response.headers["x-prediction-id"]
    assert body.keys() == {"predictions", "model", "version", "prediction_ids"}
    assert (body["model"], body["version"]) == ("flower", "1.0.0")
    assert body["prediction_ids"] == [f"{prediction_id}-0", f"{prediction_id}-1"]
    assert re.fullmatch("[0-9a-f]{24}", prediction_id)
    assert plane.line["prediction_id"] == prediction_id


def test_every_answer_has_its_own_prediction_id(plane: Plane) -> None:
    answers = [plane.send("POST", "/models/flower/predict", GOOD) for _ in range(20)]
    assert len({answer.headers["x-prediction-id"] for answer in answers}) == 20


@pytest.mark.parametrize("version", ["", "/versions/1.0.0"])
def test_the_protocols_routes_answer_with_and_without_a_version(plane: Plane, version: str) -> None:
    route = f"/v2/models/pair{version}"
    metadata = json.loads(plane.send("GET", route).body)
    assert (metadata["name"], metadata["versions"], len(metadata["inputs"])) == ("pair", ["1.0.0"], 2)
    assert json.loads(plane.send("GET", f"{route}/ready").body) == {"name": "pair", "ready": True}
    tensors = {name: Tensor(Datatype.FP32, (1, 2), pack(Datatype.FP32, [1, 2])) for name in "ab"}
    response = plane.send("POST", f"{route}/infer", json_request(tensors, id="mine"))
    body = json.loads(response.body)
    assert (body["model_name"], body["model_version"], body["id"]) == ("pair", "1.0.0", "mine")
    assert [output["data"] for output in body["outputs"]] == [[2, 4], [0, 0]]


def test_binary_tensors_travel_both_ways(plane: Plane) -> None:
    tensors = {name: Tensor(Datatype.FP32, (1, 2), pack(Datatype.FP32, [1, 2])) for name in "ab"}
    body, length = binary_request(tensors, parameters={"binary_data_output": True})
    for kind in ("application/octet-stream", "application/json"):
        headers = {"content-type": kind, "inference-header-content-length": str(length)}
        response = plane.send("POST", "/v2/models/pair/infer", body, headers)
        assert response.headers["content-type"] == "application/octet-stream"
        outputs = read_response(response.body, int(response.headers["inference-header-content-length"]))
        assert outputs["sum"].data == pack(Datatype.FP32, [2, 4])


def test_headers_tell_the_request_the_model_and_its_version(plane: Plane) -> None:
    headers = plane.send("GET", "/v2/models/pair").headers
    due = {"x-request-id": "r-1", "x-model-name": "pair", "x-model-version": "1.0.0"}
    assert due.items() <= headers.items()
    assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store")
    assert "x-prediction-id" not in headers


# --- Context --------------------------------------------------------------------------------------------------


def test_a_trace_is_passed_on_and_logged(plane: Plane) -> None:
    response = plane.send("GET", "/v2/models/pair", headers={"traceparent": TRACE})
    assert response.headers["traceparent"] == TRACE
    assert plane.line["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert plane.send("GET", "/nowhere", headers={"traceparent": TRACE}).headers["traceparent"] == TRACE


@pytest.mark.parametrize(
    "trace",
    [
        "",
        MARKER,
        TRACE.upper(),
        TRACE + "-00",
        TRACE + "\r\nx-evil: 1",
        TRACE + "\n",
        "ff" + TRACE[2:],
        "00-" + "0" * 32 + TRACE[35:],
        TRACE[:36] + "0" * 16 + "-01",
        TRACE.replace("0a", "\uff10a", 1),
    ],
)
def test_what_is_no_trace_is_dropped(plane: Plane, trace: str) -> None:
    response = plane.send("GET", "/v2/models/pair", headers={"traceparent": trace})
    assert "traceparent" not in response.headers
    assert "trace_id" not in plane.line


def test_one_line_a_request_tells_how_it_went(plane: Plane) -> None:
    plane.send("POST", "/models/flower/predict", GOOD)
    line = plane.line
    due = {"route": "predict", "model": "flower", "version": "1.0.0", "status": 200, "code": "ok", "rows": 1}
    assert due.items() <= line.items()
    assert line["cold_start"] is True
    assert line["feature_bins"] == {"petal length": {"1": 1}}
    assert line["prediction_bins"] == {"0": 1}
    assert line["total_ms"] >= line["decode_ms"] + line["inference_ms"] + line["encode_ms"]
    plane.send("POST", "/models/flower/predict", b"{}")
    assert (plane.line["status"], plane.line["code"], plane.line["cold_start"]) == (422, "invalid_input", False)
    assert len(plane.text.splitlines()) == 2


def test_only_the_first_line_of_a_process_tells_of_it(plane: Plane) -> None:
    for _ in range(2):
        assert FIGURES not in plane.send("POST", "/models/flower/predict", GOOD).headers
    first, second = map(json.loads, plane.text.splitlines())
    assert first["memory_mb"] > 0
    assert "memory_mb" not in second


def test_each_request_of_a_release_is_told_of_the_process_and_a_refusal_too(plane: Plane) -> None:
    for number, body in enumerate((GOOD, GOOD, b"{}")):
        answer = plane.send("POST", "/models/flower/predict", body, request_id=f"{REPLAY}{number}")
        told = json.loads(answer.headers[FIGURES])
        assert told["cold_start"] is (number == 0)
        assert told["memory_mb"] > 0
        assert {name: plane.line[name] for name in told} == told


def test_an_infer_request_is_counted_into_the_same_bins(plane: Plane) -> None:
    tensors = {"X": Tensor(Datatype.FP32, (2, 2), pack(Datatype.FP32, [2, 4, 9, 4]))}
    plane.send("POST", "/v2/models/flower/infer", json_request(tensors))
    assert plane.line["rows"] == 2
    assert plane.line["feature_bins"] == {"petal length": {"1": 1, "2": 1}}
    assert plane.line["prediction_bins"] == {"0": 2}


def test_what_is_not_finite_is_refused_in_json_and_answered_in_binary(plane: Plane) -> None:
    refused = plane.send("POST", "/models/log/predict", b'{"instances": [{"x": [-1]}]}')
    assert error_of(refused) == (422, "output_not_finite")
    minus_one = {"x": Tensor(Datatype.FP32, (1, 1), pack(Datatype.FP32, [-1]))}
    assert error_of(plane.send("POST", "/v2/models/log/infer", json_request(minus_one))) == (422, "output_not_finite")
    in_binary = json_request(minus_one, parameters={"binary_data_output": True})
    assert plane.send("POST", "/v2/models/log/infer", in_binary).status == 200


# --- Errors ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", STATUS)
def test_every_error_has_one_status_and_one_shape(kind: type[Any]) -> None:
    assert error_of(error_response(kind("what to do"), "r-1")) == (STATUS[kind], kind.code)


def test_what_is_no_error_of_ours_is_a_500_that_says_nothing() -> None:
    class Unforeseen(InvalidInput):
        """Not in the table."""

    for error in (ValueError(MARKER), Unforeseen(MARKER), KeyError(MARKER)):
        response = error_response(error, "r-1")
        assert error_of(response) == (500, "internal_error")
        assert MARKER not in response.body.decode()


class Broken:
    """A service with a bug."""

    def model(self, name: str, version: str | None = None) -> Model:
        raise ZeroDivisionError(MARKER)


def test_a_bug_is_a_500_with_its_place_in_a_line_of_its_own() -> None:
    stream = io.StringIO()
    plane = DataPlane(Broken(), Observer(ObserverSettings(stream=stream)))
    response = plane(Request("GET", "/v2/models/pair", {}, b"", "r-1", time.monotonic() + 5))
    fault, line = map(json.loads, stream.getvalue().splitlines())
    assert error_of(response) == (500, "internal_error")
    assert (fault["request_id"], fault["error_type"]) == ("r-1", "ZeroDivisionError")
    assert fault["frames"][-1].startswith("test_rest.py:")
    assert (line["status"], line["code"]) == (500, "internal_error")
    assert MARKER not in stream.getvalue() + response.body.decode()


# --- Many at once ---------------------------------------------------------------------------------------------


def test_interleaved_requests_get_each_its_own_answer_and_its_own_line(plane: Plane) -> None:
    cases = [(model.name, instance, due) for model in ALL for instance, due in model.golden] * 10

    def answered(case: tuple[str, dict[str, Any], dict[str, Any]]) -> bool:
        name, instance, due = case
        response = plane.send("POST", f"/models/{name}/predict", json.dumps({"instances": [instance]}).encode())
        return json.loads(response.body)["predictions"] == [due] and response.headers["x-model-name"] == name

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(answered, cases))
    lines = [json.loads(line) for line in plane.text.splitlines()]
    assert Counter(line["model"] for line in lines) == Counter(name for name, *_ in cases)
