"""The longest line that a model's request can log, against what CloudWatch takes.

The line is the runtime's own, written with every bin of the baseline filled as far as a request has rows.
Source: Amazon CloudWatch Logs API reference, "PutLogEvents"; CloudWatch user guide, "Embedded metric format".
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from cli.doctor.finding import Check, Examiner, NotChecked, Problem, Severity
from serin.baseline import MISSING, OTHER, Bins, Histogram, NumericBins
from serin.model_folder import ModelFolder
from serin.observability import Observer, ObserverSettings, RequestRecord

SAFE_BYTES: Final = 256 * 1024
"""What every region and every reader of a log takes; CloudWatch Logs itself takes 1 MB by now."""
MOST_METRICS: Final = 100
MOST_VALUES: Final = 100
MOST_DIMENSIONS: Final = 30


def longest_line(folder: ModelFolder) -> bytes:
    """The line of a request with ``max_batch_rows`` rows that fall into as many bins as there are."""
    manifest, rows = folder.manifest, folder.manifest.serving.max_batch_rows
    baseline = folder.baseline if manifest.monitoring.drift else None
    record = RequestRecord("0" * 36, route="predict", model=manifest.name, version=manifest.version, rows=rows)
    record.prediction_id, record.trace_id, record.status = "0" * 24, "0" * 32, 200
    record.decode_ms = record.inference_ms = record.encode_ms = record.total_ms = 12345.678901234567
    record.init_ms = record.memory_mb = record.total_ms
    if baseline is not None:
        record.feature_bins = {name: _filled(bins, rows) for name, bins in baseline.features.items()}
        if baseline.prediction is not None:
            record.prediction_bins = _filled(baseline.prediction, rows)
    stream = io.StringIO()
    Observer(ObserverSettings(service="inference", stream=stream, function_version="10000")).request(record)
    return stream.getvalue().encode()


def _filled(bins: Bins, rows: int) -> Histogram:
    """``rows`` spread over all bins, with a count in each that is as long as they allow."""
    known = len(bins.edges) + 1 if isinstance(bins, NumericBins) else len(bins.categories)
    every = [*map(str, range(known)), MISSING, *([] if isinstance(bins, NumericBins) else [OTHER])]
    filled = every[-rows:]
    return dict.fromkeys(filled, max(rows // len(filled), 1))


def _too_long(line: bytes) -> Iterator[Problem]:
    if len(line) > SAFE_BYTES:
        yield Problem(
            f"the line of a full batch comes to {len(line):,} bytes, of {SAFE_BYTES:,} that always go through",
            "give the baseline fewer features or fewer bins, lower serving.max_batch_rows, or set "
            "`monitoring.drift: false`",
        )


def _too_many_metrics(line: bytes) -> Iterator[Problem]:
    document: dict[str, Any] = msgspec.json.decode(line)
    directives = document.get("_aws", {}).get("CloudWatchMetrics")
    if not directives:
        raise NotChecked("the runtime logs no metrics in its lines")
    for directive in directives:
        values = {metric["Name"]: document.get(metric["Name"]) for metric in directive["Metrics"]}
        counts = {name: len(value) if isinstance(value, list) else 1 for name, value in values.items()}
        if len(values) > MOST_METRICS or any(len(names) > MOST_DIMENSIONS for names in directive["Dimensions"]):
            yield Problem(
                f"a line declares {len(values)} metrics", f"keep it at {MOST_METRICS} metrics, {MOST_DIMENSIONS} "
                "dimensions each, in serin/observability.py"
            )  # fmt: skip
        for name, count in counts.items():
            if count > MOST_VALUES:
                yield Problem(
                    f"metric {name} has {count} values in a line", f"keep it at {MOST_VALUES} in serin/observability.py"
                )


LOG_CHECKS: Final[Sequence[Examiner[bytes]]] = (
    Examiner(
        Check(
            "log-line",
            Severity.WARNING,
            f"a log line of a full batch that is longer than {SAFE_BYTES:,} bytes: features times bins",
            "a longer line is cut or dropped somewhere on its way, and with it the request's metrics and bins",
            "fewer features or bins in the baseline, a smaller `serving.max_batch_rows`, or `monitoring.drift: false`",
        ),
        _too_long,
    ),
    Examiner(
        Check(
            "metrics",
            Severity.ERROR,
            f"more than {MOST_METRICS} metrics in a line, {MOST_VALUES} values in one or {MOST_DIMENSIONS} dimensions",
            "CloudWatch drops the metrics of such a line without a word, and alarms stay silent",
            "fewer of them in `serin/observability.py`",
        ),
        _too_many_metrics,
    ),
)
