from __future__ import annotations

import math
from random import Random

import pytest

from serin.release.sequences import (
    Beta,
    Count,
    highest_difference,
    highest_share,
    lowest_difference,
    lowest_share,
    radius,
    shows_less,
    shows_more,
)

PATHS = 300
RISK = 0.05
LOOKS = (5, 10, 20, 40, 80, 160, 320, 640, 1280)
# 300 paths at a risk of 5 %: 15 are expected, 29 or more have a probability below 0.1 %.
MOST_WRONG = 28


def paths(share: float, seed: int) -> list[list[Count]]:
    """What is seen at every look of many sequences."""
    random = Random(seed)  # noqa: S311 - no secret
    found = []
    for _ in range(PATHS):
        hits, seen, counts = 0, 0, []
        for look in LOOKS:
            hits += sum(random.random() < share for _ in range(look - seen))
            seen = look
            counts.append(Count(hits, seen))
        found.append(counts)
    return found


@pytest.mark.parametrize("share", [0.001, 0.05, 0.5, 0.9])
def test_a_share_is_within_its_bounds_at_all_looks_as_often_as_promised(share: float) -> None:
    found = paths(share, seed=1)
    low = sum(any(lowest_share(count, risk=RISK) > share for count in counts) for counts in found)
    high = sum(any(highest_share(count, risk=RISK) < share for count in counts) for counts in found)
    assert max(low, high) <= MOST_WRONG


@pytest.mark.parametrize(("new", "stable"), [(0.001, 0.001), (0.05, 0.05), (0.3, 0.1)])
def test_a_difference_is_within_its_bounds_at_all_looks(new: float, stable: float) -> None:
    both = [list(zip(a, b, strict=True)) for a, b in zip(paths(new, 2), paths(stable, 3), strict=True)]
    low = sum(any(lowest_difference(a, b, risk=RISK) > new - stable for a, b in looks) for looks in both)
    high = sum(any(highest_difference(a, b, risk=RISK) < new - stable for a, b in looks) for looks in both)
    assert max(low, high) <= MOST_WRONG


@pytest.mark.parametrize("share", [0.01, 0.05, 0.5])
def test_a_share_is_seldom_shown_to_be_what_it_is_not(share: float) -> None:
    prior = Beta(0.5, 0.5 * (1 - share) / share)
    found = paths(share, seed=4)
    more = sum(any(shows_more(count, share, risk=RISK, prior=prior) for count in counts) for counts in found)
    less = sum(any(shows_less(count, share, risk=RISK, prior=prior) for count in counts) for counts in found)
    assert max(more, less) <= MOST_WRONG


def test_a_difference_is_within_the_radius_at_all_looks() -> None:
    wrong = 0
    for a, b in zip(paths(0.5, 5), paths(0.4, 6), strict=True):
        distances = [x.hits / x.trials - y.hits / y.trials - 0.1 for x, y in zip(a, b, strict=True)]
        wrong += any(d > radius(n, n, log_risk=math.log(RISK)) for d, n in zip(distances, LOOKS, strict=True))
    assert wrong <= MOST_WRONG


def test_bounds_hold_the_estimate_and_close_in_on_it() -> None:
    widths = []
    for n in (100, 1_000, 10_000, 1_000_000):
        new, stable = Count(n // 20, n), Count(n // 100, n)
        low, high = lowest_difference(new, stable, risk=0.01), highest_difference(new, stable, risk=0.01)
        assert low < 0.04 < high
        widths.append(high - low)
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < 0.003


def test_bounds_are_the_edge_of_what_the_likelihood_does_not_rule_out() -> None:
    count = Count(3, 200)
    share = highest_share(count, risk=0.01)
    mixture = math.lgamma(10.5) - math.lgamma(0.5) - math.lgamma(10) + math.lgamma(3.5) + math.lgamma(207)
    mixture -= math.lgamma(210.5)
    ratio = mixture - 3 * math.log(share) - 197 * math.log(1 - share)
    assert ratio == pytest.approx(-math.log(0.01), abs=1e-3)


def test_nothing_seen_rules_nothing_out() -> None:
    nothing = Count(0, 0)
    assert nothing.share is None
    assert lowest_difference(nothing, nothing, risk=0.01) == pytest.approx(-1)
    assert highest_difference(nothing, nothing, risk=0.01) == pytest.approx(1)
    assert (lowest_share(nothing, risk=0.01), highest_share(nothing, risk=0.01)) == pytest.approx((0, 1))
    assert radius(0, 100, log_risk=-3) == math.inf


@pytest.mark.parametrize("count", [Count(0, 50), Count(50, 50), Count(1, 1), Count(0, 10**9), Count(10**9, 10**9)])
def test_bounds_stay_within_what_a_share_can_be(count: Count) -> None:
    low, high = lowest_share(count, risk=0.01), highest_share(count, risk=0.01)
    assert 0 <= low <= count.hits / count.trials <= high <= 1
