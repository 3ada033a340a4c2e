"""What versions do in a simulation, and the windows that are seen of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from random import Random
from statistics import NormalDist
from typing import Final

from cli.release.draws import binomial, multinomial, poisson
from serin.release.window import Window

_A_DOUBLING: Final = 8
_BUCKETS: Final = tuple(round(2 ** (step / _A_DOUBLING), 3) for step in range(1, 12 * _A_DOUBLING))
_MEDIAN_MS: Final = 20.0
_SPREAD: Final = 0.4
_BINS: Final = 10


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """One version. Latency is log-normal with a median of 20 ms (p99 51 ms), predictions even over ten bins.

    ``error_rate``: share of failed requests. ``latency_factor``: how many times as long the slowest ``slow_share`` of
    the requests take. ``shift``: share of the answers, at most 0.9, that fall into the last bin instead of their own.
    """

    error_rate: float
    latency_factor: float = 1.0
    slow_share: float = 1.0
    shift: float = 0.0

    @cached_property
    def latencies(self) -> tuple[float, ...]:
        """Probability of each bucket."""
        below = [self._below(bound) for bound in _BUCKETS]
        return tuple(b - a for a, b in zip([0.0, *below[:-1]], [*below[:-1], 1.0], strict=True))

    def _below(self, milliseconds: float) -> float:
        """Probability of at most ``milliseconds``: of an ordinary request, or of a slow one."""
        ordinary = min(_usual(milliseconds), 1 - self.slow_share)
        slow = max(0.0, _usual(milliseconds / self.latency_factor) - (1 - self.slow_share))
        return ordinary + slow

    @cached_property
    def predictions(self) -> tuple[float, ...]:
        """Probability of each bin; the distance to that of no shift is ``shift``."""
        shares, left = [1 / _BINS] * _BINS, self.shift
        for bin_ in range(_BINS - 1):
            moved = min(left, shares[bin_])
            shares[bin_] -= moved
            left -= moved
        shares[-1] += self.shift - left
        return tuple(shares)


def _usual(milliseconds: float) -> float:
    return NormalDist(math.log(_MEDIAN_MS), _SPREAD).cdf(math.log(milliseconds))


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """Clients' requests in ``rate`` a minute, of one row each; arrivals are a Poisson process."""

    rate: float
    new: Behaviour
    stable: Behaviour

    @property
    def harm(self) -> float:
        """Share of the new version's answers that are worse than the stable one's: failed, slow or other."""
        slow = self.new.slow_share if self.new.latency_factor > 1 else 0.0
        return min(1.0, max(0.0, self.new.error_rate - self.stable.error_rate) + slow + self.new.shift)

    def seen(self, random: Random, minutes: float, share: float) -> tuple[Window, Window]:
        """Windows of the new version, at ``share`` of the traffic, and of the stable one."""
        expected = self.rate * minutes
        return (
            _clients(random, self.new, poisson(random, expected * share)),
            _clients(random, self.stable, poisson(random, expected * (1 - share))),
        )

    def replayed(self, random: Random, requests: int) -> tuple[Window, Window]:
        """Windows of golden requests to both versions, which meet what clients' requests meet."""
        return _golden(random, self.new, requests), _golden(random, self.stable, requests)


def _clients(random: Random, version: Behaviour, requests: int) -> Window:
    errors = binomial(random, requests, version.error_rate)
    counts = multinomial(random, requests - errors, version.predictions)
    return Window(
        requests=requests,
        errors=errors,
        latencies=_latencies(random, version, requests),
        predictions={str(bin_): count for bin_, count in enumerate(counts) if count},
    )


def _golden(random: Random, version: Behaviour, requests: int) -> Window:
    return Window(
        replayed_requests=requests,
        replayed_errors=binomial(random, requests, version.error_rate),
        replayed_latencies=_latencies(random, version, requests),
    )


def _latencies(random: Random, version: Behaviour, requests: int) -> dict[float, int]:
    counts = multinomial(random, requests, version.latencies)
    return {bound: count for bound, count in zip(_BUCKETS, counts, strict=True) if count}
