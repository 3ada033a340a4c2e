from __future__ import annotations

import pytest

from benchmarks import results
from benchmarks.bounds import BOUNDS, breaches
from benchmarks.rows import Better, LeftOut, Row, compare


def row(key: str, ratio: float, better: Better) -> Row:
    return compare(key, "what", "reference", "ms", [(ratio, 1.0)], target=1.0, better=better)


@pytest.mark.parametrize("taken", results.read().rows, ids=lambda taken: taken.key)
def test_a_worse_ratio_fails_and_a_better_one_passes(taken: Row) -> None:
    bound = BOUNDS[taken.key]
    worse, fine = (bound * 1.01, bound * 0.99) if taken.better == "lower" else (bound * 0.99, bound * 1.01)
    assert breaches([row(taken.key, fine, taken.better)]) == []
    assert breaches([row(taken.key, bound, taken.better)]) == []
    [line] = breaches([row(taken.key, worse, taken.better)])
    assert line.startswith(f"{taken.key}: ")


def test_every_row_of_the_table_has_a_bound_and_no_other() -> None:
    latest = results.read()
    assert {row.key for row in latest.rows} | {row.key for row in latest.left_out} == BOUNDS.keys()


def test_a_row_without_a_bound_fails() -> None:
    assert breaches([row("new", 0.1, "lower")]) == ["new: has no bound; write one into benchmarks/bounds.py"]


def test_a_row_that_this_machine_cannot_measure_is_no_step_back() -> None:
    assert breaches([LeftOut("cold-half", "no control groups")]) == []


def test_the_results_that_are_kept_are_within_the_bounds() -> None:
    assert breaches(results.read().rows) == []
