"""Counts of values that have reached a threshold, as exact as Python's own comparison."""

from __future__ import annotations

import math
import time
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serin.protocol import Datatype
from serin.tensor import Tensor, elements, pack
from serin.threshold_counts import COUNTABLE, ThresholdCounter, first_at_least
from tests.properties import tried

DATATYPES: Final = sorted(COUNTABLE)
ANY: Final = st.floats(allow_nan=False) | st.integers(-(2**70), 2**70)


def count(datatype: Datatype, thresholds: list[list[float]], values: list[Any]) -> list[list[int]]:
    data = pack(datatype, values)
    assert not isinstance(data, list)
    return ThresholdCounter(datatype, thresholds)(data, time.monotonic() + 10)


def numbers(datatype: Datatype) -> st.SearchStrategy[Any]:
    if datatype.is_float:
        return st.floats(width=32 if datatype is Datatype.FP32 else 64)
    assert datatype.limits is not None
    return st.integers(int(datatype.limits[0]), int(datatype.limits[1]))


@pytest.mark.parametrize("datatype", DATATYPES)
@tried
@given(st.data())
def test_a_value_has_reached_a_threshold_where_python_says_so(datatype: Datatype, data: Any) -> None:
    value = data.draw(numbers(datatype))
    threshold = data.draw(ANY | st.just(value).filter(lambda value: value == value))
    assert count(datatype, [[threshold]], [value]) == [[int(value >= threshold)]]


@pytest.mark.parametrize("datatype", [Datatype.FP32, Datatype.INT32, Datatype.INT64])
@tried
@given(st.data())
def test_the_first_number_of_a_datatype_at_least_as_large_decides_as_the_threshold_does(
    datatype: Datatype, data: Any
) -> None:
    value, threshold = data.draw(numbers(datatype)), data.draw(ANY)
    first = first_at_least(datatype, threshold)
    if datatype.is_float or threshold <= (datatype.limits or (0, 0))[1]:
        assert (value >= first) == (value >= threshold)
    assert elements(Tensor(datatype, (1,), pack(datatype, [first])))[0] == first


@pytest.mark.parametrize("datatype", DATATYPES)
def test_columns_have_thresholds_of_their_own_and_not_all_of_the_same_count(datatype: Datatype) -> None:
    values = [1, 10, 2, 20, 3, 30]
    assert count(datatype, [[2, 3, 4], [20]], values) == [[2, 1, 0], [2]]


def test_a_nan_reaches_nothing_and_an_infinity_everything() -> None:
    values = [math.nan, math.inf, -math.inf, 0.0]
    assert count(Datatype.FP32, [[-math.inf, 0, 1e39, math.inf]], values) == [[3, 2, 1, 1]]


def test_more_rows_than_a_run_takes_are_counted_in_several() -> None:
    rows = 200_000
    values = [row % 4 for row in range(rows)]
    assert count(Datatype.INT32, [[0, 1, 2, 3, 4]], values) == [[rows, rows * 3 // 4, rows // 2, rows // 4, 0]]
