"""The worst ratio that a change may bring, by row: what `make bench-check` fails on.

Generous: a run of the short form on a busy machine must not fail for noise, only for a step back. The targets, which
are stricter, stand with the rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from benchmarks.rows import Outcome, Row, is_within

BOUNDS: Final[dict[str, float]] = {
    "cold-bare": 0.9,
    "cold-usual": 0.35,
    "cold-limit": 4.0,
    "cold-quarter": 0.9,
    "cold-half": 0.9,
    "init": 1.0,
    "files": 0.45,
    "bytes": 0.9,
    "bytes-library": 1.1,
    "bytes-python": 1.3,
    "bytes-rest": 0.5,
    "files-limit": 2.5,
    "bytes-limit": 2.2,
    "big-wall": 0.75,
    "big-memory": 0.6,
    "warm-p50": 16.0,
    "warm-p99": 30.0,
    "answers": 1.0,
    "http-1": 0.7,
    "http-1-p99": 6.0,
    "http-1-cpu": 0.6,
    "http-8": 0.7,
    "http-8-p99": 4.0,
    "http-8-cpu": 0.6,
    "memory": 0.9,
    "size": 0.35,
    "batch-binary": 0.4,
    "batch-json": 0.2,
    "synth": 3.0,
    "packaging": 12.0,
    "packaging-memory": 3.0,
}


def breaches(outcomes: Iterable[Outcome]) -> list[str]:
    """One line for every row that is worse than its bound. A row without a bound is one, too."""
    return [line for outcome in outcomes if isinstance(outcome, Row) for line in _breach(outcome)]


def _breach(row: Row) -> list[str]:
    bound = BOUNDS.get(row.key)
    if bound is None:
        return [f"{row.key}: has no bound; write one into benchmarks/bounds.py"]
    if is_within(row.ratio.median, bound, row.better):
        return []
    worst = "at most" if row.better == "lower" else "at least"
    return [f"{row.key}: {row.ratio.median:.3g} x the {row.against}, and {worst} {bound:g} x is allowed"]
