"""Header lines into one value a name."""

from __future__ import annotations

from itertools import permutations

import pytest

from serin.errors import MalformedRequest
from serin.headers import join_headers

READ_BY = ["content-type", "content-encoding", "content-length", "inference-header-content-length", "traceparent"]


def test_names_are_lower_case_and_values_stand_side_by_side_in_any_order_alike() -> None:
    pairs = [("Accept", "b"), ("ACCEPT", "a"), ("accept", "b")]
    assert {str(join_headers(order)) for order in permutations(pairs)} == {"{'accept': 'a, b'}"}


@pytest.mark.parametrize("name", READ_BY)
def test_a_header_that_decides_has_one_value_however_often_it_stands(name: str) -> None:
    assert join_headers([(name, "a"), (name.title(), "a")]) == {name: "a"}
    for pairs in permutations([(name, "a"), (name.upper(), "b"), (name, "a")]):
        with pytest.raises(MalformedRequest, match="a header stands twice with different values"):
            join_headers(pairs)


def test_no_header_is_no_header() -> None:
    assert join_headers([]) == {}
