"""A warm handler's calls, everything on, against ``session.run`` of ONNX Runtime's Python binding."""

from __future__ import annotations

from functools import partial
from typing import Final

from benchmarks.parts.cold import EVENT
from benchmarks.processes import Subject, calls
from benchmarks.rows import Outcome, compare, interleave, percentile
from benchmarks.subjects import workshop

name: Final = "warm"


def run(quick: bool) -> list[Outcome]:
    """Each round is a process of its own: where memory falls differs from one to the next."""
    count, rounds = (1500, 3) if quick else (5000, 11)
    with workshop() as shop:
        subjects = (shop.serin(), shop.session_run(1))
        taken = interleave([partial(_times, s, count) for s in subjects], rounds)
    rows: list[Outcome] = []
    for key, share, target in (("p50", 0.5, 5.0), ("p99", 0.99, 8.0)):
        pairs = [(percentile(a, share), percentile(b, share)) for a, b in taken]
        what = f"warm, tabular, whole handler, {key}"
        rows.append(compare(f"warm-{key}", what, "session.run", "us", pairs, target=target))
    return rows


def _times(subject: Subject, count: int) -> list[float]:
    """Microseconds of each call."""
    return [time / 1000 for time in calls(subject, EVENT, count, count // 5).times]
