from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from serin.release.latency import UNBOUNDED, quantile

PATHS = 200
RISK = 0.05
LOOKS = (20, 80, 320, 1280)
MOST_WRONG = 20  # 10 are expected at most; more than 20 have a probability below 0.1 %


@pytest.mark.parametrize("share", [0.5, 0.95, 0.99])
def test_a_quantile_is_within_its_bounds_at_all_looks_as_often_as_promised(share: float) -> None:
    random = Random(1)  # noqa: S311 - no secret
    true = next(value for value in range(1, 1001) if value / 1000 >= share)
    low = high = 0
    for _ in range(PATHS):
        seen: Counter[float] = Counter()
        found = []
        for look in LOOKS:
            seen.update(float(random.randint(1, 1000)) for _ in range(look - seen.total()))
            found.append(quantile(seen, share, low_risk=RISK, high_risk=RISK))
        low += any(one.low > true for one in found)
        high += any(one.high < true for one in found)
    assert max(low, high) <= MOST_WRONG


def test_bounds_hold_the_estimate() -> None:
    found = quantile({10.0: 800, 20.0: 190, 30.0: 10}, 0.95, low_risk=0.01, high_risk=0.01)
    assert (found.estimate, found.low, found.high) == (20.0, 20.0, 20.0)


def test_few_requests_bound_nothing() -> None:
    found = quantile({10.0: 3}, 0.99, low_risk=0.01, high_risk=0.01)
    assert (found.estimate, found.low, found.high) == (10.0, 0.0, UNBOUNDED)
    nothing = quantile({10.0: 0}, 0.5, low_risk=0.01, high_risk=0.01)
    assert (nothing.estimate, nothing.low, nothing.high) == (None, 0.0, UNBOUNDED)
