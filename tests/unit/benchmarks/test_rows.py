from __future__ import annotations

import pytest

from benchmarks.rows import Spread, compare, interleave, is_within, percentile


def test_a_spread_is_the_median_and_the_quartiles() -> None:
    assert Spread.of([5, 1, 3, 2, 4]) == Spread(3, 2, 4, 5)


def test_one_value_is_its_own_spread() -> None:
    assert Spread.of([7.0]) == Spread(7, 7, 7, 1)


def test_the_ratio_is_that_of_pairs_so_that_a_slow_minute_falls_on_both() -> None:
    row = compare("key", "what", "there", "ms", [(1, 2), (10, 20), (100, 200)], target=0.6)
    assert row.ratio == Spread(0.5, 0.5, 0.5, 3)
    assert (row.ours.median, row.reference.median, row.reached) == (10, 20, True)


@pytest.mark.parametrize(("better", "reached"), [("lower", False), ("higher", True)])
def test_a_target_has_a_direction(better: str, reached: bool) -> None:
    row = compare("key", "what", "there", "ms", [(3, 1)], target=2, better="lower" if better == "lower" else "higher")
    assert row.reached is reached
    assert is_within(2, 2, row.better), "the target itself is reached"


def test_a_row_without_a_target_promises_nothing() -> None:
    assert compare("key", "what", "there", "ms", [(3, 1)], target=None).reached is None


def test_subjects_are_taken_in_turns_and_every_other_round_backwards() -> None:
    calls: list[str] = []

    def subject(name: str) -> str:
        calls.append(name)
        return name

    taken = interleave([lambda: subject("a"), lambda: subject("b")], 3)
    assert calls == ["a", "b", "b", "a", "a", "b"]
    assert taken == [("a", "b")] * 3


@pytest.mark.parametrize(("share", "value"), [(0.5, 51), (0.99, 100), (1.0, 100)])
def test_a_percentile_is_one_of_the_values(share: float, value: float) -> None:
    assert percentile(list(range(100, 0, -1)), share) == value
