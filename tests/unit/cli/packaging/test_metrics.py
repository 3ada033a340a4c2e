from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import log_loss, r2_score, roc_auc_score

from cli.packaging.metrics import metrics_of, roc_auc
from cli.packaging.source import Answers
from serin.manifest import Classification, Tensors
from tests.unit.cli.packaging.sources import HALVES, VALUE, halves

DRAW = np.random.default_rng(0)
SHARES = DRAW.random(50).round(1)
TRUTH = np.where(DRAW.random(50) < SHARES, "yes", "no")


def test_figures_of_a_classifier_are_those_of_scikit_learn() -> None:
    figures = metrics_of(Answers(outputs={"p": halves(*SHARES)}), TRUTH, HALVES)
    assert figures["accuracy"] == np.mean((SHARES >= 0.5) == (TRUTH == "yes"))
    assert figures["roc_auc"] == pytest.approx(roc_auc_score(TRUTH == "yes", SHARES), abs=1e-4)
    assert figures["log_loss"] == pytest.approx(log_loss(TRUTH, halves(*SHARES)), abs=1e-4)


def test_figures_of_a_regression_are_those_of_scikit_learn() -> None:
    due, got = np.arange(10.0), np.arange(10.0) + 0.5
    figures = metrics_of(Answers(outputs={"y": got[:, None]}), due, VALUE)
    assert figures == {
        "root_mean_squared_error": 0.5,
        "mean_absolute_error": 0.5,
        "r_squared": pytest.approx(r2_score(due, got), abs=1e-4),
    }


def test_a_constant_target_has_no_r_squared() -> None:
    figures = metrics_of(Answers(outputs={"y": np.ones((3, 1))}), np.ones(3), VALUE)
    assert figures == {"root_mean_squared_error": 0, "mean_absolute_error": 0}


def test_the_sources_own_labels_count_where_it_has_some() -> None:
    answers = Answers(outputs={"p": halves(0.9, 0.9)}, labels=np.array(["no", "yes"]))
    assert metrics_of(answers, np.array(["no", "yes"]), HALVES)["accuracy"] == 1


def test_scores_that_are_no_probabilities_have_no_log_loss() -> None:
    raw = Classification(scores="p", labels=("0", "1"), activation="sigmoid")
    figures = metrics_of(Answers(outputs={"p": np.array([[-1.0], [2.0]])}), np.array([0, 1]), raw)
    assert figures == {"accuracy": 1, "roc_auc": 1}


@pytest.mark.parametrize(
    ("target", "prediction"),
    [(None, HALVES), (np.array(["maybe", "yes"]), HALVES), (np.array([1.0, 2.0]), Tensors())],
)
def test_there_are_no_figures_where_the_target_is_unknown_or_of_another_kind(
    target: np.ndarray[Any, Any] | None, prediction: Classification | Tensors
) -> None:
    assert metrics_of(Answers(outputs={"p": halves(0.1, 0.2)}), target, prediction) == {}


def test_a_target_of_texts_or_of_several_numbers_gives_a_regression_no_figures() -> None:
    answers = Answers(outputs={"y": np.ones((2, 1))})
    assert metrics_of(answers, np.array(["a", "b"]), VALUE) == {}
    assert metrics_of(answers, np.ones((2, 2)), VALUE) == {}


def test_rows_that_are_all_alike_have_no_area_under_the_curve() -> None:
    assert math.isnan(roc_auc(np.array([True, True]), np.array([0.1, 0.2])))
    assert "roc_auc" not in metrics_of(Answers(outputs={"p": halves(0.9)}), np.array(["yes"]), HALVES)
