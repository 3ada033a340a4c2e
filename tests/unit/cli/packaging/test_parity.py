from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from cli.packaging.parity import compare, labels_of, ranked_column, tied_rows, tolerances_of, upper
from cli.packaging.source import Answers
from serin.manifest import Classification, Prediction, Tensors, Tolerance
from tests.unit.cli.packaging.sources import HALVES, VALUE, halves, manifest_of

THREE = Classification(scores="p", labels=("a", "b", "c"))
CLOSE = {"p": Tolerance(absolute=0.01, relative=0), "y": Tolerance(absolute=0.01, relative=0)}


@pytest.mark.parametrize(
    ("got", "holds"),
    [
        ([[1.0], [2.0]], True),
        ([[1.009], [2.0]], True),
        ([[1.011], [2.0]], False),
        ([[np.nan], [2.0]], False),
        ([[np.inf], [2.0]], False),
        ([1.0, 2.0], False),
    ],
)
def test_numbers_are_compared_with_the_tolerance(got: Any, holds: bool) -> None:
    found = compare(Answers(outputs={"y": np.array([[1.0], [2.0]])}), {"y": np.array(got)}, VALUE, CLOSE)
    assert found.holds is holds
    assert bool(found.worst) is not holds


def test_a_relative_tolerance_grows_with_the_number() -> None:
    due = Answers(outputs={"y": np.array([[1000.0], [1.0]])})
    tolerances = {"y": Tolerance(absolute=0, relative=0.01)}
    assert compare(due, {"y": np.array([[1009.0], [1.0]])}, VALUE, tolerances).holds
    assert compare(due, {"y": np.array([[1000.0], [1.1]])}, VALUE, tolerances).outside == 1


def test_a_tolerance_of_nothing_still_lets_the_same_number_pass() -> None:
    same = {"y": np.array([[0.0], [np.nan]])}
    assert compare(Answers(outputs=same), same, VALUE, {"y": Tolerance(absolute=0, relative=0)}).holds


def test_the_furthest_rows_come_first_and_are_told_in_one_line_each() -> None:
    due = Answers(outputs={"y": np.arange(10.0)[:, None]})
    got = due.outputs["y"] + np.arange(10)[:, None] / 10
    found = compare(due, {"y": got}, VALUE, CLOSE, edges=2)
    assert (found.outside, found.parity.rows, found.parity.edge_rows) == (9, 8, 2)
    assert [each.row for each in found.worst] == [9, 8, 7, 6, 5]
    assert str(found.worst[0]) == "row 9: y: 9.9 where the source says 9, 90 times the tolerance"
    assert found.parity.outputs["y"].absolute_max == pytest.approx(0.9, rel=0.1)
    assert found.parity.rank_agreement == 1


def test_a_label_that_differs_is_a_row_out_of_tolerance() -> None:
    due = Answers(outputs={"p": halves(0.4, 0.9)}, labels=np.array(["yes", "yes"]))
    found = compare(due, {"p": halves(0.4, 0.9)}, HALVES, CLOSE)
    assert [str(each) for each in found.worst] == ["row 0: label: no where the source says yes"]
    assert found.parity.label_agreement == 0.5


@pytest.mark.parametrize("share", [0.5, 0.495, 0.505])
def test_a_label_that_turns_on_less_than_the_tolerance_is_no_difference(share: float) -> None:
    due = Answers(outputs={"p": halves(share, 0.9)}, labels=np.array(["yes", "yes"]))
    assert compare(due, {"p": halves(0.499, 0.9)}, HALVES, CLOSE).holds


@pytest.mark.parametrize(
    ("prediction", "scores", "tied"),
    [
        (HALVES, halves(0.5, 0.515, 0.3), [True, False, False]),
        (Classification(scores="p", labels=("a", "b"), positive="a", threshold=0.2), halves(0.8), [True]),
        (THREE, np.array([[0.4, 0.39, 0.2], [0.5, 0.3, 0.2]]), [True, False]),
        (
            Classification(scores="p", labels=("a", "b"), activation="sigmoid"),
            np.array([[0.005], [0.5]]),
            [True, False],
        ),
        (Classification(scores="p", labels=("a", "b")), np.array([0.501, 0.0]), [True, False]),
        (Tensors(), halves(0.5), [False]),
    ],
)
def test_rows_are_tied_where_the_label_turns_on_less_than_the_tolerance(
    prediction: Prediction, scores: Any, tied: list[bool]
) -> None:
    assert tied_rows(Answers(outputs={"p": scores}), prediction, CLOSE).tolist() == tied


@pytest.mark.parametrize(
    ("prediction", "scores", "labels"),
    [
        (HALVES, halves(0.5, 0.49), ["yes", "no"]),
        (Classification(scores="p", labels=("a", "b"), activation="sigmoid"), np.array([[0.1], [-0.1]]), ["b", "a"]),
        (THREE, np.array([[0.3, 0.4, 0.3]]), ["b"]),
    ],
)
def test_labels_are_called_as_the_serving_process_calls_them(
    prediction: Classification, scores: Any, labels: list[str]
) -> None:
    assert labels_of(prediction, scores).tolist() == labels


def test_texts_and_whole_numbers_are_equal_or_not() -> None:
    due = Answers(outputs={"word": np.array([["a"], ["ö"]], dtype=object), "code": np.array([[1], [2]])})
    assert compare(due, due.outputs, Tensors(), {}).holds
    got = {"word": np.array([["a"], ["o"]], dtype=object), "code": np.array([[1], [3]])}
    found = compare(due, got, Tensors(), {})
    assert found.outside == 1
    assert found.worst[0].row == 1


def test_ranks_are_told_where_there_are_some() -> None:
    due = Answers(outputs={"y": np.array([[1.0], [2.0], [3.0]])})
    assert compare(due, {"y": np.array([[3.0], [2.0], [1.0]])}, VALUE, CLOSE).parity.rank_agreement == -1
    constant = {"y": np.ones((3, 1))}
    assert compare(Answers(outputs=constant), constant, VALUE, CLOSE).parity.rank_agreement == 1
    assert ranked_column({"p": halves(0.1)}, Tensors()) is None
    one = {"y": np.ones((1, 1))}
    assert compare(Answers(outputs=one), one, VALUE, CLOSE).parity.rank_agreement is None


@pytest.mark.parametrize(("figure", "due"), [(0, 0), (1.01e-7, 1.1e-7), (1e-7, 1e-7), (0.999, 1), (math.inf, math.inf)])
def test_figures_are_told_as_bounds_of_two_digits(figure: float, due: float) -> None:
    assert upper(figure) == pytest.approx(due)
    assert upper(figure) >= figure


def test_tolerances_are_the_manifests() -> None:
    wide = Tolerance(absolute=0.5, relative=0)
    assert tolerances_of(manifest_of(tolerance=wide)) == {"y": wide}
