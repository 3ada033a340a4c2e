"""The lines are written by the runtime's own observer."""

from __future__ import annotations

import io
import json

import pytest

from serin.errors import MalformedRequest
from serin.observability import Observer, ObserverSettings, RequestRecord
from serin.process import REPLAY
from serin.release.prediction_log import bound_of, windows
from serin.rest import DataPlane, Request
from serin.service import Service


def lines(version: str, *records: RequestRecord) -> list[str]:
    stream = io.StringIO()
    observer = Observer(ObserverSettings(stream=stream, function_version=version))
    for record in records:
        observer.request(record)
    return stream.getvalue().splitlines()


def request(
    status: int = 200, request_id: str = "id", route: str = "predict", *, cold: bool = False, **bins: int
) -> RequestRecord:
    return RequestRecord(
        request_id=request_id,
        route=route,
        model="m",
        version="1",
        status=status,
        total_ms=10.0,
        cold_start=cold,
        prediction_bins=bins or {},
    )


def test_each_versions_requests_errors_latencies_and_predictions_are_counted() -> None:
    found = windows([*lines("1", request(a=2), request(500)), *lines("2", request(422, a=1, b=1))])
    assert (found["1"].requests, found["1"].errors, found["1"].predictions) == (2, 1, {"a": 2})
    assert (found["2"].requests, found["2"].errors, found["2"].predictions) == (1, 0, {"a": 1, "b": 1})
    assert found["1"].latencies == {bound_of(10.0): 2}


def test_golden_requests_count_for_errors_and_speed_alone() -> None:
    window = windows(lines("1", request(request_id=f"{REPLAY}1", a=1), request(503, f"{REPLAY}2")))["1"]
    assert (window.requests, window.predictions) == (0, {})
    assert (window.replayed_requests, window.replayed_errors) == (2, 1)
    assert window.replayed_latencies == {bound_of(10.0): 2}


def test_a_cold_start_counts_and_its_latency_does_not() -> None:
    window = windows(lines("1", request(cold=True, a=1), request(503, f"{REPLAY}1", cold=True), request()))["1"]
    assert (window.requests, window.predictions, window.latencies) == (2, {"a": 1}, {bound_of(10.0): 1})
    assert (window.replayed_requests, window.replayed_errors, window.replayed_latencies) == (1, 1, {})


@pytest.mark.parametrize(
    ("status", "errors"), [(200, 0), (400, 0), (404, 0), (413, 0), (422, 0), (500, 1), (503, 1), (504, 1)]
)
def test_what_a_client_did_wrong_is_a_request_and_no_error(status: int, errors: int) -> None:
    window = windows(lines("1", request(status)))["1"]
    assert (window.requests, window.errors) == (1, errors)


def test_what_is_refused_before_it_is_routed_counts_nowhere() -> None:
    stream = io.StringIO()
    plane = DataPlane(Service([]), Observer(ObserverSettings(stream=stream, function_version="1")))
    plane.refuse(MalformedRequest("the event is not an API Gateway proxy request"), "id")
    for method, path in (("GET", "/models/m/predict"), ("POST", "/nowhere")):
        plane(Request(method=method, path=path, headers={}, body=b"", request_id="id", deadline=0.0))
    refused = stream.getvalue().splitlines()
    assert [json.loads(line)["route"] for line in refused] == ["unknown"] * 3
    assert windows(refused) == {}


@pytest.mark.parametrize(
    "line",
    [
        "START RequestId: 1 Version: 2",
        "[]",
        "{",
        "null",
        json.dumps({"route": "predict", "status": 200, "total_ms": 1.0}),
        json.dumps({"route": "predict", "status": "200", "total_ms": 1.0, "function_version": "1"}),
        json.dumps({"route": "predict", "status": 200, "total_ms": None, "function_version": "1"}),
    ],
)
def test_other_lines_are_passed_over(line: str) -> None:
    assert windows([line, *lines("1", request(route="ready"))]) == {}


@pytest.mark.parametrize("milliseconds", [0.0, 0.1, 1.0, 9.99, 250.0, 29_000.0])
def test_a_bound_lies_within_five_percent_above_the_latency(milliseconds: float) -> None:
    bound = bound_of(milliseconds)
    assert milliseconds <= bound * 1.0001
    assert bound <= max(milliseconds, 0.1) * 1.0501 + 0.001
