"""One JSON line a request: log record and CloudWatch metrics at once. Below every room that is observed.

The metrics follow CloudWatch's embedded metric format (EMF); dimensions are model and version and nothing else.
The line holds bins, counts and times, never a value that a client sent.
"""

from __future__ import annotations

import io
import os
import sys
import threading
import time
from collections.abc import Mapping
from typing import IO, Final

import msgspec
from msgspec import UNSET, UnsetType

from serin.baseline import Histogram
from serin.process import peak_memory_mb, started_at

NAMESPACE: Final = "Serin"
DIMENSIONS: Final = ("model", "version")

_ENCODER: Final = msgspec.json.Encoder()
_LINE: Final = b'{"level":"%b","message":"%b","timestamp":"%b.%03d+00:00",%b,%b%b%b}\n'
"""Level, message, the time as RFC 3339 has it, members that are the same in all lines of a process, and all others."""
_UNITS: Final = {
    "Requests": "Count",
    "Errors": "Count",
    "ClientErrors": "Count",
    "Rows": "Count",
    "LatencyMs": "Milliseconds",
    "InferenceMs": "Milliseconds",
    "ColdStart": "Count",
}


def _template(units: Mapping[str, str]) -> bytes:
    """The EMF part of a line. It takes numbers only; times as msgspec writes them, in half of the time Python takes."""
    metrics = [{"Name": name, "Unit": unit} for name, unit in units.items()]
    directives = _ENCODER.encode([{"Namespace": NAMESPACE, "Dimensions": [DIMENSIONS], "Metrics": metrics}])
    return (
        b',"_aws":{"Timestamp":%d,"CloudWatchMetrics":'
        + directives
        + b'},"Requests":[1],"Errors":[%d],"ClientErrors":[%d],"Rows":[%d],"LatencyMs":[%b],"InferenceMs":[%b],'
        + b'"ColdStart":[%d]'
    )


_METRICS: Final = _template(_UNITS)
"""What CloudWatch shall read out of a line: the same for all lines of a kind, so it is written once."""

_METRICS_WITH_CACHE: Final = _template(_UNITS | {"CacheHits": "Count"}) + b',"CacheHits":[%d]'


class ObserverSettings(msgspec.Struct, frozen=True):
    """Where lines go (default: standard output) and what service they name.

    ``function_version``: the number under which Lambda published this code, which tells two deployments of one model
    version apart. It is in the line and no dimension. ``ready_at``: when the process could serve, by the clock of
    ``serin.process.boot_seconds``; None where no request waits for its start.
    """

    service: str = "serin"
    stream: IO[str] | None = None
    function_version: str | None = None
    ready_at: float | None = None


class RequestRecord(msgspec.Struct):
    """What is known of one request, filled in on its way, and encoded as it is. Times in milliseconds.

    What is ``UNSET`` is not in the line. ``init_ms``: from the process's start to its being ready; ``memory_mb``: the
    most that it has held so far. Both are in its first line, and in those of a release's own requests. ``cache_hit``:
    whether the answer was kept from an earlier run.
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
    init_ms: float | UnsetType = UNSET
    memory_mb: float | UnsetType = UNSET
    cache_hit: bool | UnsetType = UNSET
    feature_bins: dict[str, Histogram] | msgspec.Raw | UnsetType = UNSET
    prediction_bins: Histogram | UnsetType = UNSET


class _Figures(msgspec.Struct, frozen=True):
    """What a release is told in a header."""

    total_ms: float
    cold_start: bool
    memory_mb: float | UnsetType
    init_ms: float | UnsetType


class _Service(msgspec.Struct, frozen=True):
    """What every line of one process says of it."""

    service: str
    function_version: str | UnsetType


class _Fault(msgspec.Struct, frozen=True):
    request_id: str
    error_type: str
    frames: list[str]


class _Text:
    """Takes bytes for a stream of text that has no stream of bytes below it."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, line: bytes) -> None:
        self._stream.write(line.decode())
        self._stream.flush()


class _Buffered:
    """Holds nothing back in a stream's buffer."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def write(self, line: bytes) -> None:
        self._stream.write(line)
        self._stream.flush()


class _File:
    """Writes to a file below its buffer. A bare descriptor could be another file's by now, once this one is closed."""

    def __init__(self, file: io.RawIOBase) -> None:
        self._file = file

    def write(self, line: bytes) -> None:
        written = self._file.write(line)
        while written is not None and written < len(line):  # None: it would have to wait
            line = line[written:]
            written = self._file.write(line)


def _writer(stream: IO[str]) -> _File | _Buffered | _Text:
    buffer: IO[bytes] | None = getattr(stream, "buffer", None)
    if buffer is None:
        return _Text(stream)
    file = buffer.raw if type(buffer) is io.BufferedWriter else buffer
    return _File(file) if isinstance(file, io.RawIOBase) else _Buffered(buffer)


class Observer:
    """Writes the lines. Safe to call from several threads at once."""

    def __init__(self, settings: ObserverSettings) -> None:
        self._service = _fields(_Service(settings.service, settings.function_version or UNSET))
        self._writer = _writer(settings.stream or sys.stdout)
        self._lock = threading.Lock()
        self._second = (0, b"")
        self._cold = True
        self._ready_at = settings.ready_at

    def is_cold_start(self) -> bool:
        """True for the first request of this process only."""
        cold, self._cold = self._cold, False
        return cold

    def figures(self, record: RequestRecord) -> str:
        """Add to ``record`` how the process fares; returns what the header ``serin.process.FIGURES`` says of both."""
        memory_mb, started = peak_memory_mb(), started_at()
        if memory_mb is not None:
            record.memory_mb = memory_mb
        if self._ready_at is not None and started is not None:
            record.init_ms = (self._ready_at - started) * 1000
        told = _Figures(record.total_ms, record.cold_start, record.memory_mb, record.init_ms)
        return _ENCODER.encode(told).decode()

    def request(self, record: RequestRecord) -> None:
        """Write the canonical line of a request that has been answered."""
        now_ms = time.time_ns() // 1_000_000
        is_metric = record.model is not UNSET and record.route in {"predict", "infer"}
        self._write(b"INFO", b"request", now_ms, _fields(record), _metrics(record, now_ms) if is_metric else b"")

    def fault(self, request_id: str, error: BaseException) -> None:
        """Write where an unexpected error arose. Its message may quote a client and is left out."""
        import traceback  # not before something went wrong: a start does not pay for it

        frames = traceback.extract_tb(error.__traceback__)
        place = [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames]
        fields = _fields(_Fault(request_id, type(error).__name__, place))
        self._write(b"ERROR", b"fault", time.time_ns() // 1_000_000, fields)

    def _write(self, level: bytes, message: bytes, now_ms: int, fields: bytes, metrics: bytes = b"") -> None:
        """One line. One that cannot be written keeps no answer back."""
        second, rest = divmod(now_ms, 1000)
        known, text = self._second
        if second != known:
            text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)).encode()
            self._second = (second, text)
        line = _LINE % (level, message, text, rest, self._service, fields, metrics, _xray_trace())
        with self._lock:
            try:
                self._writer.write(line)
            except (OSError, ValueError):  # ValueError: the stream is closed
                return


def _fields(part: msgspec.Struct) -> bytes:
    """The fields of ``part`` in JSON, without the braces around them."""
    return _ENCODER.encode(part)[1:-1]


def _xray_trace() -> bytes:
    """The trace that Lambda names for the invocation. Source: AWS Lambda, runtime API, ``Lambda-Runtime-Trace-Id``."""
    header = os.environ.get("_X_AMZN_TRACE_ID")
    if not header or not header.isascii():  # none that Lambda wrote
        return b""
    return b',"xray_trace_id":%b' % _ENCODER.encode(header.partition(";")[0].removeprefix("Root="))


def _metrics(record: RequestRecord, now_ms: int) -> bytes:
    status = record.status
    values = (
        now_ms,
        status >= 500,
        400 <= status < 500,
        record.rows,
        _ENCODER.encode(record.total_ms),
        _ENCODER.encode(record.inference_ms),
        record.cold_start,
    )
    if record.cache_hit is UNSET:
        return _METRICS % values
    return _METRICS_WITH_CACHE % (*values, record.cache_hit)
