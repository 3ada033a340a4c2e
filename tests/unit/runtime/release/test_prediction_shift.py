from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from serin.release.predictions import Rows, shift

PATHS = 200
RISK = 0.05
LOOKS = (20, 80, 320, 1280)
MOST_WRONG = 20  # 10 are expected at most; more than 20 have a probability below 0.1 %


@pytest.mark.parametrize(("new", "distance"), [([4, 3, 2, 1], 0.0), ([1, 3, 2, 4], 0.3), ([4, 3, 1, 2], 0.1)])
def test_the_distance_is_within_its_bounds_at_all_looks(new: list[int], distance: float) -> None:
    random = Random(1)  # noqa: S311 - no secret
    low = high = 0
    for _ in range(PATHS):
        ours, theirs = Counter[str](), Counter[str]()
        found = []
        for look in LOOKS:
            ours.update(random.choices("0123", new, k=look - ours.total()))
            theirs.update(random.choices("0123", [4, 3, 2, 1], k=look - theirs.total()))
            found.append(shift(Rows(ours, look), Rows(theirs, look), low_risk=RISK, high_risk=RISK))
        low += any(one.low > distance + 1e-9 for one in found)
        high += any(one.high < distance - 1e-9 for one in found)
    assert max(low, high) <= MOST_WRONG


def test_the_distance_is_the_largest_difference_of_any_set_of_bins() -> None:
    ours, theirs = Rows({"0": 60, "1": 30, "other": 10}, 100), Rows({"0": 300, "1": 500, "missing": 200}, 1_000)
    assert shift(ours, theirs, low_risk=0.01, high_risk=0.01).estimate == pytest.approx(0.4)


def test_more_bins_need_more_to_show_a_difference() -> None:
    few = shift(Rows({"0": 400}, 400), Rows({"1": 400}, 400), low_risk=0.01, high_risk=0.01)
    many = shift(Rows({"0": 400}, 400), Rows({"49": 400}, 400), low_risk=0.01, high_risk=0.01)
    assert many.low < few.low
    assert many.high == few.high
