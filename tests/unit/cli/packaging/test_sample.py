from __future__ import annotations

import numpy as np
import pandas as pd

from cli.packaging.features import columns_of
from cli.packaging.rows import Rows
from cli.packaging.sample import UNSEEN, edge_table, edge_tensors, joined, spread, unseen_table
from tests.unit.cli.packaging.sources import people

PEOPLE = people()
COLUMNS = columns_of(PEOPLE, None, None, "data.csv")


def test_few_rows_are_all_taken() -> None:
    assert spread(None, None, 5, 10).tolist() == [0, 1, 2, 3, 4]


def test_many_rows_are_taken_evenly_from_the_lowest_to_the_highest() -> None:
    order = np.random.default_rng(0).permutation(1000)
    chosen = order[spread(order, None, 1000, 11)]
    assert sorted(chosen) == [0, 100, 200, 300, 400, 500, 599, 699, 799, 899, 999]


def test_every_group_has_a_row_however_small_it_is() -> None:
    groups = np.array(["common"] * 997 + ["rare", "rarer", "rarest"])
    places = spread(None, groups, 1000, 10)
    assert set(groups[places]) == set(groups)
    assert len(places) <= 10
    many = np.arange(1000).astype(str)
    assert len(spread(None, many, 1000, 10)) == 1000


def test_edge_rows_hold_each_number_at_both_ends_and_each_value_missing_that_is_missing_somewhere() -> None:
    edges = edge_table(PEOPLE, COLUMNS)
    assert edges.dtypes.to_dict() == PEOPLE.dtypes.to_dict()
    assert {PEOPLE["age"].min(), PEOPLE["age"].max()} <= set(edges["age"])
    assert edges["height"].isna().sum() == 1
    together = edges[(edges["age"] == 59) & (edges["height"] == PEOPLE["height"].max())]
    assert len(together) == 1
    assert set(edges["city"]) == {"Brest"}


def test_unseen_texts_are_tried_one_by_one_and_not_where_a_type_forbids_them() -> None:
    table = PEOPLE.assign(street="a", kind=pd.Categorical(["x"] * len(PEOPLE)))
    unseen = unseen_table(table, columns_of(table, None, None, "data.csv"))
    assert unseen[["city", "street"]].to_numpy().tolist() == [[UNSEEN, "a"], ["Brest", UNSEEN]]
    assert set(unseen["kind"]) == {"x"}
    numbers = PEOPLE[["age"]]
    assert unseen_table(numbers, columns_of(numbers, None, None, "data.csv")).empty


def test_edges_of_tensors_are_their_lowest_and_highest_element_throughout() -> None:
    edges = edge_tensors({"x": np.array([[1, 5], [3, 2]]), "t": np.array([["a"], ["b"], ["c"]], dtype=object)})
    assert edges["x"].tolist() == [[1, 1], [5, 5]]
    assert edges["t"].tolist() == [["a"], ["c"]]


def test_rows_are_joined_in_the_columns_of_the_second() -> None:
    first = Rows(table=PEOPLE, tensors={"x": np.zeros((40, 1)), "y": np.zeros((40, 1))}, target=np.zeros(40))
    both = joined(first, Rows(table=PEOPLE[["city", "age"]].head(2), tensors={"x": np.ones((2, 1))}))
    assert both.table is not None
    assert list(both.table.columns) == ["city", "age"]
    assert {name: len(values) for name, values in both.tensors.items()} == {"x": 42}
    assert both.target is None
