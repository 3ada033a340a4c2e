from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from cli.packaging.leaks import refuse_leak
from cli.packaging.rows import Rows
from cli.packaging.source import SourceRefused
from tests.unit.cli.packaging.sources import Arithmetic


def test_a_target_that_the_model_was_trained_on_is_refused() -> None:
    with pytest.raises(SourceRefused, match=r"^data\.csv: the model was trained on column 'y', which is its target"):
        refuse_leak(Arithmetic(feature_names=("x", "y")), Rows(table=pd.DataFrame({"x": [1]})), ["y"], "data.csv")


@pytest.mark.parametrize(
    ("column", "target"),
    [
        ([0, 1, 2], [0, 1, 2]),
        ([0.0, 1.0, 2.0], [0, 1, 2]),
        ([False, True, True], [0, 1, 1]),
        (["a", "b", "b"], ["a", "b", "b"]),
        (pd.Categorical(["a", "b", "b"]), ["a", "b", "b"]),
        ([1, 2, 1], ["1", "2", "1"]),
        (pd.array([1, 2, 1], dtype="Int64"), [1, 2, 1]),
    ],
)
def test_a_copy_of_the_target_is_refused_whatever_its_type(column: Any, target: list[Any]) -> None:
    rows = Rows(table=pd.DataFrame({"x": [5, 6, 7], "copy": column}), target=np.array(target))
    with pytest.raises(SourceRefused, match="column 'copy' is a copy of the target 'y': the model would be served its"):
        refuse_leak(Arithmetic(), rows, ["y"], "data.csv")


@pytest.mark.parametrize(
    ("column", "target"),
    [([0, 1, 2], [0, 1, 1]), ([1, 1, 1], [1, 1, 1]), ([1, None, 2], [1, 1, 2]), (["a", None, "b"], ["a", "a", "b"])],
)
def test_what_is_near_the_target_or_says_nothing_is_no_copy(column: Any, target: list[Any]) -> None:
    refuse_leak(Arithmetic(), Rows(table=pd.DataFrame({"x": column}), target=np.array(target)), ["y"], "data.csv")


def test_a_copy_that_the_model_does_not_see_is_none_of_its_business() -> None:
    rows = Rows(table=pd.DataFrame({"x": [5, 6], "copy": [0, 1]}), target=np.array([0, 1]))
    refuse_leak(Arithmetic(feature_names=("x",)), rows, ["y"], "data.csv")


def test_several_targets_and_tensors_are_not_looked_at() -> None:
    refuse_leak(Arithmetic(), Rows(table=pd.DataFrame({"x": [1]}), target=np.ones((1, 2))), ["y", "z"], "data.csv")
    refuse_leak(Arithmetic(), Rows(tensors={"x": np.array([0, 1])}, target=np.array([0, 1])), ["y"], "data.npz")
