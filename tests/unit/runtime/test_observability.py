"""One line a request: its shape, its metrics, and what is never in it."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider
from msgspec import UNSET

from serin.observability import Observer, ObserverSettings, RequestRecord
from serin.process import peak_memory_mb, started_at

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


@pytest.mark.parametrize("hit", [True, False])
def test_whether_an_answer_was_kept_is_a_metric_whose_average_is_the_hit_rate(hit: bool) -> None:
    line = line_of(served(cache_hit=hit))
    assert line["cache_hit"] is hit
    assert line["CacheHits"] == [int(hit)]
    [directive] = line["_aws"]["CloudWatchMetrics"]
    assert directive["Metrics"] == [
        {"Name": name, "Unit": unit} for name, unit in (METRICS | {"CacheHits": "Count"}).items()
    ]


def test_a_model_that_keeps_no_answers_has_no_hit_rate() -> None:
    line = line_of(served())
    assert "cache_hit" not in line
    assert "CacheHits" not in json.dumps(line)


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


@pytest.mark.parametrize("is_awaited", [True, False])
def test_a_process_tells_its_memory_and_its_start_where_a_request_waited_for_it(is_awaited: bool) -> None:
    started = started_at()
    assert started is not None
    observer = Observer(ObserverSettings(stream=io.StringIO(), ready_at=started + 0.25 if is_awaited else None))
    record = served(total_ms=1.5, cold_start=True)
    told = json.loads(observer.figures(record))
    assert told == {
        "total_ms": 1.5,
        "cold_start": True,
        "memory_mb": peak_memory_mb(),
        **({"init_ms": pytest.approx(250)} if is_awaited else {}),
    }
    line = line_of(record)
    assert {name: line[name] for name in told} == told


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


# --- Powertools for AWS Lambda as the reference: what reads its lines reads these ------------------------------------

_LOGGERS: Final = count()


def powertools_logger(stream: io.StringIO) -> Logger:
    logger = Logger(
        service=f"reference-{next(_LOGGERS)}", stream=stream, level="INFO", location=None, utc=True, use_rfc3339=True
    )
    logger.append_keys(service="inference", function_version="7")
    return logger


def powertools_line(record: RequestRecord) -> dict[str, Any]:
    """What Powertools' Logger and Metrics write of the same request."""
    fields = {name: value for name, value in msgspec.structs.asdict(record).items() if value is not UNSET}
    metrics: dict[str, Any] = {}
    if record.model is not UNSET and record.version is not UNSET and record.route in {"predict", "infer"}:
        provider = AmazonCloudWatchEMFProvider(namespace="Serin")
        provider.service = ""
        provider.add_dimension("model", record.model)
        provider.add_dimension("version", record.version)
        values = {
            "Requests": 1,
            "Errors": int(record.status >= 500),
            "ClientErrors": int(400 <= record.status < 500),
            "Rows": record.rows,
            "LatencyMs": record.total_ms,
            "InferenceMs": record.inference_ms,
            "ColdStart": int(record.cold_start),
        }
        for name, value in values.items():
            provider.add_metric(name, METRICS[name], value)
        metrics = dict(provider.serialize_metric_set())
    stream = io.StringIO()
    powertools_logger(stream).info("request", extra=fields | metrics)
    line: dict[str, Any] = json.loads(stream.getvalue())
    return line


def observed_line(record: RequestRecord) -> dict[str, Any]:
    stream = io.StringIO()
    Observer(ObserverSettings(service="inference", stream=stream, function_version="7")).request(record)
    line: dict[str, Any] = json.loads(stream.getvalue())
    return line


def times(line: dict[str, Any]) -> Iterator[datetime]:
    """The times in a line, taken out of it."""
    yield datetime.fromisoformat(line.pop("timestamp"))
    if "_aws" in line:
        yield datetime.fromtimestamp(line["_aws"].pop("Timestamp") / 1000, UTC)


RECORDS: Final = {
    "a prediction": served(
        prediction_id="p-1",
        trace_id="a" * 32,
        rows=3,
        decode_ms=0.25,
        inference_ms=0.5,
        encode_ms=0.125,
        total_ms=1.5,
        cold_start=True,
        init_ms=41.25,
        memory_mb=40.5,
        feature_bins={"age": {"1": 3}, "\u00e9tage \U0001f600": {"missing": 1}},
        prediction_bins={"0": 3},
    ),
    "an inference without bins": served(route="infer", rows=1, total_ms=1e-7, inference_ms=123456.789),
    "a client's error": served(status=422, code="invalid_input"),
    "a fault of ours": served(status=500, code="internal_error"),
    "a look at the model": served(route="metadata"),
    "a route that is none": RequestRecord("r-2", status=404, code="not_found"),
    "an id that wants escapes": RequestRecord('"\\\r\n\x1b\u2028', status=400, code="malformed_request"),
}


@pytest.mark.parametrize("trace", [None, "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"])
@pytest.mark.parametrize("what", RECORDS)
def test_a_line_has_the_fields_that_powertools_would_write(
    what: str, trace: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if trace is not None:
        monkeypatch.setenv("_X_AMZN_TRACE_ID", trace)
    line, reference = observed_line(RECORDS[what]), powertools_line(RECORDS[what])
    for time, due in zip(times(line), times(reference), strict=True):
        assert time.utcoffset() == timedelta(0)
        assert abs(time - due) < timedelta(minutes=1)
    assert line == reference
    assert ("xray_trace_id" in line) == (trace is not None)


def test_a_fault_has_the_fields_that_powertools_would_write() -> None:
    stream, reference = io.StringIO(), io.StringIO()
    try:
        raise ValueError("kiwi7319")
    except ValueError as error:
        Observer(ObserverSettings(service="inference", stream=stream, function_version="7")).fault("r-1", error)
    line = json.loads(stream.getvalue())
    fields = {name: line[name] for name in ("request_id", "error_type", "frames")}
    powertools_logger(reference).error("fault", extra=fields)
    due = json.loads(reference.getvalue())
    assert line.pop("timestamp")[-6:] == due.pop("timestamp")[-6:] == "+00:00"
    assert line == due


# --- Several at once, and a stream that fails ---------------------------------------------------------------------


class Pieces:
    """A stream that keeps what each call wrote apart."""

    def __init__(self) -> None:
        self.pieces: list[str] = []

    def write(self, text: str) -> int:
        self.pieces.append(text)
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""


def test_each_line_is_written_at_once_whoever_else_writes() -> None:
    stream: Any = Pieces()
    observer = Observer(ObserverSettings(stream=stream))

    def write(thread: int) -> None:
        for number in range(200):
            observer.request(served(request_id=f"{thread}-{number}"))

    threads = [threading.Thread(target=write, args=(thread,)) for thread in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    ids = {json.loads(piece)["request_id"] for piece in stream.pieces}
    assert len(stream.pieces) == len(ids) == 8 * 200
    assert all(piece.endswith("}\n") and piece.count("\n") == 1 for piece in stream.pieces)


class Full(io.StringIO):
    """A stream that takes nothing."""

    def write(self, text: str) -> int:
        raise OSError("no space left on device")


@pytest.mark.parametrize("stream", [Full(), io.StringIO()])
def test_a_line_that_cannot_be_written_keeps_no_answer_back(stream: io.StringIO) -> None:
    observer = Observer(ObserverSettings(stream=stream))
    stream.close()
    observer.request(served())


class Narrow(io.RawIOBase):
    """A file that takes a few bytes at a time, then no more for now."""

    def __init__(self, most: int) -> None:
        self.taken = b""
        self._most = most

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int | None:
        piece = bytes(data[:7])[: self._most - len(self.taken)]
        self.taken += piece
        return len(piece) or None


def test_a_line_that_is_taken_in_pieces_is_written_whole() -> None:
    file = Narrow(most=10_000)
    Observer(ObserverSettings(stream=io.TextIOWrapper(io.BufferedWriter(file)))).request(served())
    assert json.loads(file.taken)["request_id"] == "r-1"
    assert file.taken.endswith(b"}\n")


def test_a_file_that_would_have_to_wait_keeps_no_answer_back() -> None:
    file = Narrow(most=20)
    Observer(ObserverSettings(stream=io.TextIOWrapper(io.BufferedWriter(file)))).request(served())
    assert len(file.taken) == 20


def test_a_line_for_a_closed_file_goes_to_no_other(tmp_path: Path) -> None:
    stream = (tmp_path / "log").open("w")
    observer = Observer(ObserverSettings(stream=stream))
    observer.request(served())
    stream.close()
    with (tmp_path / "other").open("w"):  # takes the number of the closed one
        observer.request(served())
    assert (tmp_path / "log").read_text().count("\n") == 1
    assert (tmp_path / "other").read_text() == ""


def test_what_cannot_be_text_in_the_environment_keeps_no_answer_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=\udcff")
    assert "xray_trace_id" not in line_of(served())
