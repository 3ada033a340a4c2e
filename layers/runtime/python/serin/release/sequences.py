"""Bounds that hold at every look at once, so that one may look at any number of times and stop when one likes.

All of it is one idea (Robbins 1970, "Statistical methods related to the law of the iterated logarithm"): the likelihood
of what was seen, averaged over the parameters by a prior (the mixture), divided by the likelihood at the true
parameters, is a martingale that begins at 1. By Ville's inequality it ever exceeds ``1 / risk`` with a probability of
``risk`` at most. So the parameters at which the ratio exceeds it may be ruled out, at any look. The prior decides how
soon that is, never whether it is right. For intervals made so see Howard, Ramdas, McAuliffe and Sekhon (2021),
"Time-uniform, nonparametric, nonasymptotic confidence sequences", Annals of Statistics 49(2).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

_HALVINGS: Final = 24
_GENTLEST: Final = 0.01  # a likelihood that falls by a factor of a hundred within a share's range has steeper places
_STEEPEST: Final = 1e12
_TUNED_FOR: Final = 100.0


@dataclass(frozen=True, slots=True)
class Beta:
    """The prior of a share: the mixture's weights. ``a`` and ``b`` are above 0."""

    a: float
    b: float


RARE: Final = Beta(0.5, 10.0)
"""For the share of failed requests: soonest where they are rare."""


@dataclass(frozen=True, slots=True)
class Count:
    """``hits`` out of ``trials``."""

    hits: int
    trials: int

    @property
    def share(self) -> float | None:
        """None where nothing was tried."""
        return self.hits / self.trials if self.trials else None


def shows_more(count: Count, share: float, *, risk: float, prior: Beta) -> bool:
    """Whether the true share is above ``share``: wrong at any look, ever, with a probability of ``risk`` at most."""
    return count.hits > share * count.trials and _ratio(count, share, prior) >= -math.log(risk)


def shows_less(count: Count, share: float, *, risk: float, prior: Beta) -> bool:
    """The same for a true share below ``share``."""
    return count.hits < share * count.trials and _ratio(count, share, prior) >= -math.log(risk)


def lowest_share(count: Count, *, risk: float) -> float:
    """The true share is at least this, at every look, but for a probability of ``risk``."""
    return _least([(count, 1.0)], risk)


def highest_share(count: Count, *, risk: float) -> float:
    """The same for at most."""
    return -_least([(count, -1.0)], risk)


def lowest_difference(new: Count, stable: Count, *, risk: float) -> float:
    """The true share of ``new`` less that of ``stable`` is at least this, at every look, but for ``risk``.

    Beta-binomial mixtures of both, multiplied: the pairs of shares that are not ruled out are a convex region, whose
    least difference this is. It is narrower than the difference of two intervals.
    """
    return _least([(new, 1.0), (stable, -1.0)], risk)


def highest_difference(new: Count, stable: Count, *, risk: float) -> float:
    """The same for at most."""
    return -_least([(new, -1.0), (stable, 1.0)], risk)


def radius(new: float, stable: float, *, log_risk: float) -> float:
    """How far the difference of two observed shares may be from the true one, upwards or downwards, at any look.

    ``new``, ``stable``: how many independent observations, whole or not; infinite where one of them is 0. ``log_risk``:
    natural logarithm of the risk. Two normal mixtures (Howard et al. 2021, section 3.2), multiplied, over observations
    that are 1/2-sub-Gaussian, as everything between 0 and 1 is (Hoeffding's lemma).
    """
    if not new or not stable:
        return math.inf
    counts = (new, stable)
    regret = sum(math.log1p(n / _TUNED_FOR) for n in counts) / 2
    spread = sum((n + _TUNED_FOR) / n**2 for n in counts)
    return math.sqrt((regret - log_risk) * spread / 2)


def _ratio(count: Count, share: float, prior: Beta) -> float:
    """Logarithm of the mixture's likelihood over that of ``share``."""
    return _log_mixture(count, prior) - _log_likelihood(count, share)


def _log_mixture(count: Count, prior: Beta) -> float:
    misses = count.trials - count.hits
    return _log_beta(prior.a + count.hits, prior.b + misses) - _log_beta(prior.a, prior.b)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _log_likelihood(count: Count, share: float) -> float:
    return _times_log(count.hits, share) + _times_log(count.trials - count.hits, 1 - share)


def _times_log(times: float, share: float) -> float:
    if not times:
        return 0.0
    return times * math.log(share) if share > 0 else -math.inf


def _least(arms: Sequence[tuple[Count, float]], risk: float) -> float:
    """Least sum of sign x share over the shares that are not ruled out.

    At the least sum, the likelihood rises along each share by the same slope (Lagrange); the slope is what is sought.
    """
    floor = sum(_log_mixture(count, RARE) for count, _ in arms) + math.log(risk)

    def shares(slope: float) -> list[float]:
        return [_share_at(count, sign * slope) for count, sign in arms]

    def within(slope: float) -> bool:
        at = shares(slope)
        return sum(_log_likelihood(count, share) for (count, _), share in zip(arms, at, strict=True)) >= floor

    steepest = _bisect(within)
    return sum(sign * share for (_, sign), share in zip(arms, shares(steepest), strict=True))


def _bisect(within: Callable[[float], bool]) -> float:
    """The slope from which on ``within`` is false, from above: what it rules out stays within the bound."""
    low, high = math.log(_GENTLEST), math.log(_STEEPEST)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if within(math.exp(middle)) else (low, middle)
    return math.exp(high)


def _share_at(count: Count, slope: float) -> float:
    """Where the logarithm of the likelihood, as a function of the share, has ``slope``; 0 or 1 where it nowhere has."""
    n, k = count.trials, count.hits
    root = math.sqrt(max(0.0, (n + slope) ** 2 - 4 * slope * k))
    if n + slope > 0:
        return min(1.0, 2 * k / (n + slope + root)) if k else 0.0
    return min(1.0, max(0.0, (n + slope - root) / (2 * slope)))
