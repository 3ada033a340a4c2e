"""Quantiles of latency and their bounds, from counts by bucket."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from serin.release.sequences import Beta, Count, shows_less, shows_more

UNBOUNDED: Final = 1e9
"""Milliseconds that stand for no upper bound: a number that every format can hold."""


@dataclass(frozen=True, slots=True)
class Quantile:
    """Estimate and bounds in milliseconds; ``estimate`` is None, and the bounds 0 and ``UNBOUNDED``, without data."""

    estimate: float | None
    low: float
    high: float


def quantile(latencies: Mapping[float, int], share: float, *, low_risk: float, high_risk: float) -> Quantile:
    """The latency that ``share`` of the requests do not exceed, with bounds that hold at every look.

    ``latencies``: requests by their bucket's upper bound in ms. A quantile is known as finely as the buckets are: they
    should be at most a tenth apart. A value is ruled out as the quantile when too many requests, or too few, are above
    it: a Beta-binomial mixture at that one value (Howard and Ramdas 2022, "Sequential estimation of quantiles with
    applications to A/B testing and best-arm identification", Bernoulli 28(3), theorem 1 with a mixture boundary).
    """
    counts = sorted((bound, count) for bound, count in latencies.items() if count > 0)
    if not counts:
        return Quantile(None, 0.0, UNBOUNDED)
    bounds = [bound for bound, _ in counts]
    up_to = list(accumulate(count for _, count in counts))
    tail = 1 - share
    at = next(i for i, count in enumerate(up_to) if count >= share * up_to[-1] - 1e-9)
    low = _lowest(up_to, at, tail, low_risk)
    high = _highest(up_to, at, tail, high_risk)
    return Quantile(bounds[at], 0.0 if low is None else bounds[low], UNBOUNDED if high is None else bounds[high])


def _prior(tail: float) -> Beta:
    """Its mean is the share that is tested, and it is wide."""
    return Beta(0.5, 0.5 * (1 - tail) / tail)


def _lowest(up_to: list[int], at: int, tail: float, risk: float) -> int | None:
    """Index of the least value that is not ruled out for too many above it; None where smaller ones may be, too."""
    total, prior = up_to[-1], _prior(tail)
    if not shows_more(Count(total, total), tail, risk=risk, prior=prior):
        return None
    for i in range(at - 1, -1, -1):
        if shows_more(Count(total - up_to[i], total), tail, risk=risk, prior=prior):
            return i + 1
    return 0


def _highest(up_to: list[int], at: int, tail: float, risk: float) -> int | None:
    """Index of the largest value that is not ruled out for too few at or above it; None where larger ones may be."""
    prior = _prior(tail)
    return next((i for i, above in _above(up_to, at) if shows_less(above, tail, risk=risk, prior=prior)), None)


def _above(up_to: list[int], at: int) -> Iterator[tuple[int, Count]]:
    """Indices from ``at`` on, each with how many requests took longer."""
    total = up_to[-1]
    return ((i, Count(total - up_to[i], total)) for i in range(at, len(up_to)))
