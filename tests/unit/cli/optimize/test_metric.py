from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import r2_score, roc_auc_score

from cli.optimize.metric import checked_target, metric, metric_name
from cli.outcome import CommandError
from serin.manifest import Classification, Prediction, Regression, Tensors

THREE = Classification(scores="s", labels=("a", "b", "c"))
TWO = Classification(scores="s", labels=("no", "yes"))
NUMBER = Regression(value="v")
RANDOM = np.random.default_rng(0)


def scored(prediction: Prediction, outputs: dict[str, Any], target: Any) -> float:
    return metric(prediction, outputs, checked_target(prediction, np.asarray(target)))


def test_each_task_has_one_metric() -> None:
    assert [metric_name(one) for one in (THREE, TWO, NUMBER, Tensors())] == ["accuracy", "ROC AUC", "R2", None]


def test_several_labels_are_counted() -> None:
    scores = np.array([[0.9, 0.1, 0.0], [0.2, 0.7, 0.1], [0.1, 0.5, 0.4], [0.0, 0.1, 0.9]], np.float32)
    assert scored(THREE, {"s": scores}, ["a", "b", "c", "c"]) == 0.75


@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
@pytest.mark.parametrize("positive", [None, "yes", "no"])
def test_two_labels_are_ranked_as_scikit_learn_does(shape: tuple[int, ...], positive: str | None) -> None:
    scores = RANDOM.random(200).round(2).astype(np.float32)  # with ties
    target = np.where(RANDOM.random(200) < 0.5 + scores / 2, "yes", "no")
    prediction = Classification(scores="s", labels=TWO.labels, positive=positive)
    due = roc_auc_score(target == "yes", scores)
    assert scored(prediction, {"s": scores.reshape(shape)}, target) == pytest.approx(due)
    both = np.column_stack([1 - scores, scores])
    assert scored(prediction, {"s": both}, target) == pytest.approx(due, abs=1e-3)


def test_numbers_are_explained_as_scikit_learn_does() -> None:
    target = RANDOM.normal(size=50)
    value = (target + RANDOM.normal(size=50) / 3).astype(np.float32)
    assert scored(NUMBER, {"v": value[:, None]}, target) == pytest.approx(r2_score(target, value))


def test_codes_of_labels_may_be_numbers() -> None:
    digits = Classification(scores="s", labels=("0", "1", "2"))
    assert list(checked_target(digits, np.array([0, 2, 1]))) == ["0", "2", "1"]
    assert list(checked_target(digits, np.array([0.0, 2.0]))) == ["0", "2"]


@pytest.mark.parametrize(
    ("prediction", "target", "said"),
    [
        (THREE, ["a", "d"], "holds 'd', which is no label of the model; it answers 'a', 'b', 'c'"),
        (THREE, ["a", "a"], "holds one label only"),
        (THREE, [["a", "b"], ["a", "c"]], "needs one label a row"),
        (NUMBER, ["high", "low"], "the column holds texts"),
        (NUMBER, [1.0, 1.0], "more than one value"),
        (Tensors(), [1, 2], "a model that answers tensors has no metric"),
    ],
)
def test_a_target_that_the_model_does_not_answer_is_one_line(prediction: Prediction, target: Any, said: str) -> None:
    with pytest.raises(CommandError, match=said) as raised:
        checked_target(prediction, np.array(target))
    assert raised.value.message.startswith("--target: ")
