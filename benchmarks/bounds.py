"""The worst ratio that a change may bring, by row: what `make bench-check` fails on.

Generous: a run of the short form on a busy machine must not fail for noise, only for a step back. The targets, which
are stricter, stand with the rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from benchmarks.rows import Outcome, Row, is_within

BOUNDS: Final[dict[str, float]] = {
    "cold-bare": 3.0,
    "cold-usual": 1.0,
    "cold-limit": 10.0,
    "cold-quarter": 3.0,
    "cold-half": 3.0,
    "init": 3.0,
    "files": 2.5,
    "bytes": 1.5,
    "big-wall": 2.0,
    "big-memory": 1.2,
    "warm-p50": 60.0,
    "warm-p99": 1500.0,
    "http-1": 0.3,
    "http-1-p99": 10.0,
    "http-8": 0.3,
    "http-8-p99": 10.0,
    "memory": 1.4,
    "size": 0.75,
    "batch-binary": 0.04,
    "batch-json": 0.025,
    "synth": 5.0,
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
