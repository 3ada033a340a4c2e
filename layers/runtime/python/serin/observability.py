"""One JSON line a request: log record and CloudWatch metrics at once. Below every room that is observed.

The metrics follow CloudWatch's embedded metric format (EMF); dimensions are model and version and nothing else.
The line holds bins, counts and times, never a value that a client sent.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import IO, Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from serin.baseline import Histogram

NAMESPACE: Final = "Serin"
DIMENSIONS: Final = ("model", "version")

_ENCODER: Final = msgspec.json.Encoder()
_UNITS: Final = {
    "Requests": "Count",
    "Errors": "Count",
    "ClientErrors": "Count",
    "Rows": "Count",
    "LatencyMs": "Milliseconds",
    "InferenceMs": "Milliseconds",
    "ColdStart": "Count",
}
_DIRECTIVES: Final = msgspec.Raw(
    _ENCODER.encode(
        [
            {
                "Namespace": NAMESPACE,
                "Dimensions": [DIMENSIONS],
                "Metrics": [{"Name": name, "Unit": unit} for name, unit in _UNITS.items()],
            }
        ]
    )
)
"""What CloudWatch shall read out of a line: the same for all lines, so it is written once."""


class ObserverSettings(msgspec.Struct, frozen=True):
    """Where lines go (default: standard output) and what service they name.

    ``function_version``: the number under which Lambda published this code, which tells two deployments of one model
    version apart. It is in the line and no dimension.
    """

    service: str = "serin"
    stream: IO[str] | None = None
    function_version: str | None = None


class RequestRecord(msgspec.Struct):
    """What is known of one request, filled in on its way, and encoded as it is. Times in milliseconds.

    What is ``UNSET`` is not in the line.
    """

    request_id: str
    route: str = "unknown"
    model: str | UnsetType = UNSET
    version: str | UnsetType = UNSET
    prediction_id: str | UnsetType = UNSET
    trace_id: str | UnsetType = UNSET
    status: int = 500
    code: str = "ok"
    rows: int = 0
    decode_ms: float = 0.0
    inference_ms: float = 0.0
    encode_ms: float = 0.0
    total_ms: float = 0.0
    cold_start: bool = False
    feature_bins: dict[str, Histogram] | UnsetType = UNSET
    prediction_bins: Histogram | UnsetType = UNSET


class _Service(msgspec.Struct, frozen=True):
    """What every line of one process says of it."""

    service: str
    function_version: str | UnsetType


class _Fault(msgspec.Struct, frozen=True):
    request_id: str
    error_type: str
    frames: list[str]


class _Trace(msgspec.Struct, frozen=True):
    xray_trace_id: str


class _Directive(msgspec.Struct, frozen=True, rename="pascal"):
    """``timestamp``: milliseconds since 1970."""

    timestamp: int
    cloud_watch_metrics: msgspec.Raw = _DIRECTIVES


class _Metrics(msgspec.Struct, frozen=True):
    """The EMF part of a line: each metric with its one value, in the order of ``_UNITS``."""

    aws: _Directive = msgspec.field(name="_aws")
    requests: tuple[int] = msgspec.field(name="Requests")
    errors: tuple[int] = msgspec.field(name="Errors")
    client_errors: tuple[int] = msgspec.field(name="ClientErrors")
    rows: tuple[int] = msgspec.field(name="Rows")
    latency_ms: tuple[float] = msgspec.field(name="LatencyMs")
    inference_ms: tuple[float] = msgspec.field(name="InferenceMs")
    cold_start: tuple[int] = msgspec.field(name="ColdStart")


class Observer:
    """Writes the lines. Safe to call from several threads at once."""

    def __init__(self, settings: ObserverSettings) -> None:
        self._service = _fields(_Service(settings.service, settings.function_version or UNSET))
        self._stream = settings.stream or sys.stdout
        self._lock = threading.Lock()
        self._second = (0, "")
        self._cold = True

    def is_cold_start(self) -> bool:
        """True for the first request of this process only."""
        cold, self._cold = self._cold, False
        return cold

    def request(self, record: RequestRecord) -> None:
        """Write the canonical line of a request that has been answered."""
        now_ms = time.time_ns() // 1_000_000
        if record.model is UNSET or record.route not in {"predict", "infer"}:
            self._write("INFO", "request", now_ms, _fields(record))
        else:
            self._write("INFO", "request", now_ms, _fields(record), _fields(_metrics(record, now_ms)))

    def fault(self, request_id: str, error: BaseException) -> None:
        """Write where an unexpected error arose. Its message may quote a client and is left out."""
        import traceback  # not before something went wrong: a start does not pay for it

        frames = traceback.extract_tb(error.__traceback__)
        place = [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames]
        now_ms = time.time_ns() // 1_000_000
        self._write("ERROR", "fault", now_ms, _fields(_Fault(request_id, type(error).__name__, place)))

    def _write(self, level: Literal["INFO", "ERROR"], message: str, now_ms: int, *parts: str) -> None:
        """One line. One that cannot be written keeps no answer back."""
        fields = ",".join((self._service, *parts, *_xray_trace()))
        line = f'{{"level":"{level}","message":"{message}","timestamp":"{self._timestamp(now_ms)}",{fields}}}\n'
        with self._lock:
            try:
                self._stream.write(line)
                self._stream.flush()
            except (OSError, ValueError):  # ValueError: the stream is closed
                pass

    def _timestamp(self, now_ms: int) -> str:
        """RFC 3339, UTC, to the millisecond."""
        second, rest = divmod(now_ms, 1000)
        known, text = self._second
        if second != known:
            text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._second = (second, text)
        return f"{text}.{rest:03d}+00:00"


def _fields(part: msgspec.Struct) -> str:
    """The fields of ``part`` in JSON, without the braces around them."""
    return _ENCODER.encode(part)[1:-1].decode()


def _xray_trace() -> tuple[str, ...]:
    """The trace that Lambda names for the invocation. Source: AWS Lambda, runtime API, ``Lambda-Runtime-Trace-Id``."""
    header = os.environ.get("_X_AMZN_TRACE_ID")
    return (_fields(_Trace(header.partition(";")[0].removeprefix("Root="))),) if header else ()


def _metrics(record: RequestRecord, now_ms: int) -> _Metrics:
    return _Metrics(
        _Directive(now_ms),
        (1,),
        (int(record.status >= 500),),
        (int(400 <= record.status < 500),),
        (record.rows,),
        (record.total_ms,),
        (record.inference_ms,),
        (int(record.cold_start),),
    )
