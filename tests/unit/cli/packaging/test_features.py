from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from cli.packaging.features import Column, columns_of, tensors_of, value_range
from cli.packaging.source import Layout, SourceRefused
from serin.manifest import TensorInput
from serin.protocol import Datatype


def column_of(values: Any) -> Column:
    (column,) = columns_of(pd.DataFrame({"x": values}), None, None, "data.csv")
    return column


@pytest.mark.parametrize(
    ("values", "type_", "missing", "example"),
    [
        ([1, 2, 9], "int", 0, 2),
        ([1.5, 2, 9], "float", 0, 2.0),
        ([1, None, 9], "float", 1, 9.0),
        (pd.array([1, 2, 9], dtype="Int64"), "int", 0, 2),
        (pd.array([1, None, 9], dtype="Int64"), "float", 1, 9.0),
        (pd.array([0.5, None], dtype="Float64"), "float", 1, 0.5),
        (np.array([1, 2], dtype="uint8"), "int", 0, 2),
        ([2**40, 2**40 + 1], "int", 0, 2**40 + 1),
        ([True, False, True], "bool", 0, True),
        (pd.array([True, None], dtype="boolean"), "bool", 1, True),
        (pd.Series([False, None, False], dtype=object), "bool", 1, False),
        (["b", "a", "b"], "string", 0, "b"),
        (pd.array(["b", None], dtype="string"), "string", 1, "b"),
        (pd.Categorical(["b", "a", "a"]), "string", 0, "a"),
        (pd.Categorical([3, 1, 1]), "string", 0, None),
        (["1.0", "no", "null"], "string", 0, "1.0"),
    ],
)
def test_a_columns_type_is_read_from_its_values(values: Any, type_: str, missing: int, example: object) -> None:
    if example is None:
        with pytest.raises(SourceRefused, match="column 'x' holds int; make one type of it"):
            column_of(values)
        return
    column = column_of(values)
    assert (column.type, column.missing, column.example) == (type_, missing, example)
    assert type(column.example) is {"int": int, "float": float, "bool": bool, "string": str}[type_]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([1, np.inf], "holds an infinity"),
        ([None, None], "holds no value at all"),
        (pd.Series(["a", 1], dtype=object), "holds text and int; make one type of it"),
        (pd.to_datetime(["2024-01-01"]), "is datetime64"),
        ([1 + 2j], "make a number or a text of it"),
        ([[1, 2]], "holds list"),
    ],
)
def test_a_column_that_no_model_is_served_is_refused(values: Any, said: str) -> None:
    with pytest.raises(SourceRefused, match=r"^data\.csv: column 'x' ") as refusal:
        column_of(values)
    assert said in refusal.value.message


def test_few_texts_are_categories_and_many_are_free() -> None:
    hostile = ["no", "1.0", "null", ": #", "Århus"]
    assert column_of(hostile * 4).categories == tuple(sorted(hostile))
    assert column_of(hostile).categories is None
    assert column_of([f"text {i}" for i in range(101)] * 10).categories is None


def test_columns_are_those_that_the_model_knows_in_its_order() -> None:
    table = pd.DataFrame({"a": [1], "b": [2], "c": [3]})
    assert [column.name for column in columns_of(table, ["c", "a"], 2, "data.csv")] == ["c", "a"]
    with pytest.raises(SourceRefused, match="trained on column 'aa', which is not there; did you mean 'a'"):
        columns_of(table, ["aa"], 1, "data.csv")
    with pytest.raises(SourceRefused, match="has 3 columns and the model takes 2 features, without names; give --tar"):
        columns_of(table, None, 2, "data.csv")


@pytest.mark.parametrize("name", ['say "x"', "back\\slash", "tab\tname", "", "x" * 101])
def test_a_name_that_no_request_can_have_is_refused_in_words(name: str) -> None:
    with pytest.raises(SourceRefused, match="has no name of 1 to 100 characters without double quotes"):
        columns_of(pd.DataFrame({name: [1]}), None, None, "data.csv")


@pytest.mark.parametrize(
    ("values", "due"),
    [
        ([0, 1, 1], (0, 1)),
        ([5, 5], (5, 5)),
        ([0.25, 0.25], (0, 0.5)),
        ([0.0, 0.0], (0, 0)),
        (list(range(12)), (0, 22)),
        ([-1.0, 2.0, 3.0], (-5, 7)),
        ([-3.0, -1.0], (-5, 0)),
        ([True, False], None),
        (["a"], None),
    ],
)
def test_what_is_let_in_of_a_number_is_a_span_beyond_the_data(values: Any, due: tuple[float, float] | None) -> None:
    assert value_range(column_of(values)) == due


@pytest.mark.parametrize(("values", "wide"), [([0.1234, 0.98765], 1.86), ([-123.456, 1e6], 2e6), ([3e-9, 7e-9], 1e-8)])
def test_a_range_holds_all_of_the_data(values: list[float], wide: float) -> None:
    bounds = value_range(column_of(values))
    assert bounds is not None
    assert bounds[0] <= min(values)
    assert bounds[1] >= wide


def test_columns_are_packed_as_the_serving_process_packs_them() -> None:
    table = pd.DataFrame({"a": [1, 2], "b": pd.array([True, None], dtype="boolean"), "c": ["x", None], "d": [7, 8]})
    inputs = (
        TensorInput(name="n", datatype=Datatype.FP32, shape=(-1, 2)),
        TensorInput(name="c", datatype=Datatype.BYTES, shape=(-1, 1)),
        TensorInput(name="d", datatype=Datatype.INT32, shape=(-1,)),
    )
    packed = tensors_of(table, Layout(inputs=inputs, columns={"n": ("b", "a"), "c": ("c",), "d": ("d",)}))
    np.testing.assert_array_equal(packed["n"], np.array([[1, 1], [np.nan, 2]], dtype="float32"))
    assert packed["c"].tolist() == [["x"], [""]]
    assert (packed["d"].dtype, packed["d"].tolist()) == (np.int32, [7, 8])
