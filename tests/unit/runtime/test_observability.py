"""One line a request: its shape, its metrics, and what is never in it."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from serin.observability import Observer, ObserverSettings, RequestRecord

METRICS = {
    "Requests": "Count",
    "Errors": "Count",
    "ClientErrors": "Count",
    "Rows": "Count",
    "LatencyMs": "Milliseconds",
    "InferenceMs": "Milliseconds",
    "ColdStart": "Count",
}


def served(**fields: Any) -> RequestRecord:
    fixed: dict[str, Any] = {
        "request_id": "r-1",
        "route": "predict",
        "model": "flower",
        "version": "1.0.0",
        "status": 200,
    }
    return RequestRecord(**fixed | fields)


def line_of(record: RequestRecord) -> dict[str, Any]:
    stream = io.StringIO()
    Observer(ObserverSettings(service="inference", stream=stream)).request(record)
    (line,) = stream.getvalue().splitlines()
    parsed: dict[str, Any] = json.loads(line)
    return parsed


def test_a_request_is_one_line_with_what_is_known_of_it() -> None:
    record = served(
        prediction_id="p-1",
        trace_id="a" * 32,
        rows=3,
        decode_ms=0.25,
        cold_start=True,
        feature_bins={"age": {"1": 3}},
        prediction_bins={"0": 3},
    )
    line = line_of(record)
    assert line.pop("timestamp")
    due = {"level": "INFO", "message": "request", "service": "inference", "code": "ok", "decode_ms": 0.25}
    assert due.items() <= line.items()
    assert line["feature_bins"] == {"age": {"1": 3}}
    assert line["prediction_bins"] == {"0": 3}
    assert (line["rows"], line["cold_start"], line["prediction_id"], line["trace_id"]) == (3, True, "p-1", "a" * 32)


def test_what_is_not_known_is_not_in_the_line() -> None:
    line = line_of(RequestRecord("r-1", status=404, code="not_found"))
    assert line["route"] == "unknown"
    assert line.keys().isdisjoint({"model", "version", "prediction_id", "trace_id", "feature_bins", "_aws"})


def test_the_line_is_a_valid_embedded_metric_document() -> None:
    line = line_of(served(status=200, rows=3, total_ms=1.5, inference_ms=0.5, cold_start=True))
    assert isinstance(line["_aws"]["Timestamp"], int)
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Serin"
    assert directive["Dimensions"] == [["model", "version"]]
    assert {metric["Name"]: metric["Unit"] for metric in directive["Metrics"]} == METRICS
    assert (line["model"], line["version"]) == ("flower", "1.0.0")
    assert {name: line[name] for name in METRICS} == {
        "Requests": [1],
        "Errors": [0],
        "ClientErrors": [0],
        "Rows": [3],
        "LatencyMs": [1.5],
        "InferenceMs": [0.5],
        "ColdStart": [1],
    }


@pytest.mark.parametrize(
    ("status", "errors", "client_errors"),
    [(200, 0, 0), (400, 0, 1), (422, 0, 1), (499, 0, 1), (500, 1, 0), (504, 1, 0)],
)
def test_a_failure_is_counted_where_it_belongs(status: int, errors: int, client_errors: int) -> None:
    line = line_of(served(status=status))
    assert (line["Errors"], line["ClientErrors"]) == ([errors], [client_errors])


@pytest.mark.parametrize("route", ["ready", "metadata", "unknown"])
def test_requests_that_run_no_model_are_no_metrics(route: str) -> None:
    assert "_aws" not in line_of(served(route=route))


@pytest.mark.parametrize("name", ["POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_LOG_LEVEL"])
def test_the_environment_adds_no_dimension_and_silences_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "ERROR")
    line = line_of(served())
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert (directive["Namespace"], directive["Dimensions"]) == ("Serin", [["model", "version"]])
    assert line["service"] == "inference"


def test_observers_of_one_service_write_each_to_its_own_stream() -> None:
    streams = [io.StringIO(), io.StringIO()]
    observers = [Observer(ObserverSettings(service="inference", stream=stream)) for stream in streams]
    for observer, request_id in zip(observers, ("first", "second"), strict=True):
        observer.request(RequestRecord(request_id))
    assert [json.loads(stream.getvalue())["request_id"] for stream in streams] == ["first", "second"]


def test_the_line_names_the_published_version_and_the_metrics_do_not() -> None:
    stream = io.StringIO()
    Observer(ObserverSettings(stream=stream, function_version="7")).request(served())
    line = json.loads(stream.getvalue())
    assert line["function_version"] == "7"
    assert "function_version" not in json.dumps(line["_aws"])


def test_only_the_first_request_is_a_cold_start() -> None:
    observer = Observer(ObserverSettings(stream=io.StringIO()))
    assert [observer.is_cold_start() for _ in range(3)] == [True, False, False]


def test_line_breaks_and_escapes_in_a_field_make_no_second_line() -> None:
    record = served(request_id="a\r\nb\x1b[31m\u2028c\x85d")
    stream = io.StringIO()
    Observer(ObserverSettings(stream=stream)).request(record)
    assert stream.getvalue().count("\n") == 1
    assert json.loads(stream.getvalue())["request_id"] == record.request_id


def fault_line(error: Exception) -> str:
    stream = io.StringIO()
    try:
        raise error
    except type(error) as caught:
        Observer(ObserverSettings(stream=stream)).fault("r-1", caught)
    return stream.getvalue()


def test_a_fault_tells_where_it_arose_and_not_what_it_says() -> None:
    text = fault_line(ValueError("kiwi7319"))
    line = json.loads(text)
    assert (line["level"], line["request_id"], line["error_type"]) == ("ERROR", "r-1", "ValueError")
    assert line["frames"][-1].startswith("test_observability.py:")
    assert line["frames"][-1].endswith(" fault_line")
    assert "kiwi7319" not in text
    assert "/" not in text.replace("+00:00", "")
