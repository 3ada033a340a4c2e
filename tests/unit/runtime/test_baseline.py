"""Values into bins: edges, missing values and what is in no bin."""

from __future__ import annotations

import math
from bisect import bisect_right

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serin.baseline import CategoryBins, NumericBins
from tests.properties import tried

BINS = NumericBins(edges=(0.0, 10.0), counts=(1, 2, 3))
CITIES = CategoryBins(categories=("Rome", "Oslo"), counts=(1, 2))


@pytest.mark.parametrize(
    ("value", "due"),
    [
        (-math.inf, "0"),
        (-0.1, "0"),
        (-0.0, "1"),
        (0.0, "1"),
        (9.99, "1"),
        (10, "2"),
        (math.inf, "2"),
        (True, "1"),
        (None, "missing"),
        (math.nan, "missing"),
        ("7", "missing"),
    ],
)
def test_a_number_is_in_the_bin_whose_lower_edge_it_has_reached(value: float | None, due: str) -> None:
    assert BINS.count([value]) == {due: 1}


@tried
@given(st.lists(st.floats(-20, 20)), st.lists(st.floats(-10, 10), min_size=1, max_size=5, unique=True).map(sorted))
def test_bins_are_numpys_and_lose_nothing(values: list[float], edges: list[float]) -> None:
    histogram = NumericBins(edges=tuple(edges), counts=()).count(values)
    found = np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
    assert histogram == {str(i): count for i, count in enumerate(found.tolist()) if count}
    assert sum(histogram.values()) == len(values)
    assert all(str(bisect_right(edges, value)) in histogram for value in values)


def test_a_category_is_in_its_bin_and_every_other_text_in_one() -> None:
    assert CITIES.count(["Oslo", "Oslo", "rome", "", None, "Rome"]) == {"1": 2, "other": 2, "missing": 1, "0": 1}
