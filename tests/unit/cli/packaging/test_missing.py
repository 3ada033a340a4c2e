from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from cli.packaging.features import columns_of
from cli.packaging.missing import Policy, filled, let_in, policies_of
from cli.packaging.rows import Rows
from serin.manifest import MissingFill
from tests.unit.cli.packaging.sources import Arithmetic

CITIES = ["a", "b", None, "b", "a", "a", "b", "a", "b", "a"]


def missing(value: Any) -> bool:
    return value is None or value != value


def policy_of(values: Any, source: Arithmetic | None = None) -> Policy:
    table = pd.DataFrame({"x": values})
    columns = columns_of(table, None, None, "data.csv")
    return policies_of(source or Arithmetic(), Rows(table=table), columns)["x"]


@pytest.mark.parametrize(
    ("values", "policy"),
    [
        ([1, 2], "reject"),
        ([1, None], "allow"),
        (pd.array([True, None], dtype="boolean"), "allow"),
        (["a", "b"], "reject"),
    ],
)
def test_a_missing_number_goes_in_where_there_was_one_in_training(values: Any, policy: Policy) -> None:
    assert policy_of(values) == policy


@pytest.mark.parametrize(
    ("function", "policy"),
    [
        (lambda cells: 7 if missing(cells[0]) else len(cells[0]), MissingFill(fill="missing")),
        (lambda cells: 0 if missing(cells[0]) else len(cells[0]), MissingFill(fill="")),
        (lambda cells: {"a": 1, "b": 2}.get("b" if missing(cells[0]) else cells[0], 0), MissingFill(fill="b")),
    ],
)
def test_a_missing_text_is_filled_by_one_that_is_answered_alike(
    function: Callable[[list[Any]], float], policy: Policy
) -> None:
    assert policy_of(CITIES, Arithmetic(function=function)) == policy


def test_a_missing_text_that_nothing_stands_for_is_refused() -> None:
    assert policy_of(CITIES, Arithmetic(function=lambda cells: -1 if missing(cells[0]) else 1)) == "reject"
    assert policy_of(CITIES, Arithmetic(refuses=missing)) == "reject"


def test_rows_are_filled_and_let_in_as_the_serving_process_does_it() -> None:
    table = pd.DataFrame({"city": ["a", None], "street": [None, "s"], "age": [1.0, None]})
    policies: dict[str, Policy] = {"city": MissingFill(fill="b"), "street": "reject", "age": "allow"}
    after = filled(Rows(table=table), policies).table
    assert after is not None
    assert after["city"].tolist() == ["a", "b"]
    assert table["city"].isna().any()
    columns = columns_of(table, None, None, "data.csv")
    assert let_in(table, columns, policies).tolist() == [False, True]
    assert filled(Rows(table=table), {"age": "allow"}).table is table
