"""One JSON line a request: log record and CloudWatch metrics at once. Below every room that is observed.

The metrics follow CloudWatch's embedded metric format (EMF); dimensions are model and version and nothing else.
The line holds bins, counts and times, never a value that a client sent.
"""

from __future__ import annotations

import sys
import traceback
from dataclasses import dataclass, field
from itertools import count
from typing import IO, Any, Final

import msgspec
from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

from serin.baseline import Histogram

NAMESPACE: Final = "Serin"
DIMENSIONS: Final = ("model", "version")

_ENCODER: Final = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class ObserverSettings:
    """Where lines go (default: standard output) and what service they name.

    ``function_version``: the number under which Lambda published this code, which tells two deployments of one model
    version apart. It is in the line and no dimension.
    """

    service: str = "serin"
    stream: IO[str] | None = None
    function_version: str | None = None


@dataclass(slots=True)
class RequestRecord:
    """What is known of one request, filled in on its way. Times in milliseconds."""

    request_id: str
    route: str = "unknown"
    model: str | None = None
    version: str | None = None
    prediction_id: str | None = None
    trace_id: str | None = None
    status: int = 500
    code: str = "ok"
    rows: int = 0
    decode_ms: float = 0.0
    inference_ms: float = 0.0
    encode_ms: float = 0.0
    total_ms: float = 0.0
    cold_start: bool = False
    feature_bins: dict[str, Histogram] = field(default_factory=dict)
    prediction_bins: Histogram = field(default_factory=dict)


_NUMBERS: Final = count()


class Observer:
    """Writes the lines."""

    def __init__(self, settings: ObserverSettings) -> None:
        # Loggers of one service share a stream, the first one's: so each has a name of its own.
        self._logger = Logger(
            service=f"{settings.service}-{next(_NUMBERS)}",
            stream=settings.stream or sys.stdout,
            json_serializer=_serialize,
            level="INFO",
            location=None,
            utc=True,
            use_rfc3339=True,
        )
        self._logger.append_keys(service=settings.service)
        if settings.function_version is not None:
            self._logger.append_keys(function_version=settings.function_version)
        self._cold = True

    def is_cold_start(self) -> bool:
        """True for the first request of this process only."""
        cold, self._cold = self._cold, False
        return cold

    def request(self, record: RequestRecord) -> None:
        """Write the canonical line of a request that has been answered."""
        line = {name: value for name, value in _fields(record) if value not in (None, {}, "")}
        if record.model is not None and record.version is not None and record.route in {"predict", "infer"}:
            line |= _metrics(record, record.model, record.version)
        self._logger.info("request", extra=line)

    def fault(self, request_id: str, error: BaseException) -> None:
        """Write where an unexpected error arose. Its message may quote a client and is left out."""
        frames = traceback.extract_tb(error.__traceback__)
        place = [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames]
        self._logger.error(
            "fault", extra={"request_id": request_id, "error_type": type(error).__name__, "frames": place}
        )


def _fields(record: RequestRecord) -> list[tuple[str, Any]]:
    return [(name, getattr(record, name)) for name in RequestRecord.__slots__]


def _metrics(record: RequestRecord, model: str, version: str) -> dict[str, Any]:
    """The line's EMF part. A provider a request: Powertools' shared one is not made for threads."""
    provider = AmazonCloudWatchEMFProvider(namespace=NAMESPACE)
    provider.service = ""  # POWERTOOLS_SERVICE_NAME would make a dimension of it
    provider.add_dimension("model", model)
    provider.add_dimension("version", version)
    provider.add_metric("Requests", "Count", 1)
    provider.add_metric("Errors", "Count", int(record.status >= 500))
    provider.add_metric("ClientErrors", "Count", int(400 <= record.status < 500))
    provider.add_metric("Rows", "Count", record.rows)
    provider.add_metric("LatencyMs", "Milliseconds", record.total_ms)
    provider.add_metric("InferenceMs", "Milliseconds", record.inference_ms)
    provider.add_metric("ColdStart", "Count", int(record.cold_start))
    return dict(provider.serialize_metric_set())


def _serialize(log: Any) -> str:
    return _ENCODER.encode(log).decode()
