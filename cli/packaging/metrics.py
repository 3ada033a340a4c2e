"""How good a model is on rows whose answers are known: the task's usual figures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from cli.packaging.parity import labels_of
from cli.packaging.source import Answers
from serin.manifest import Classification, Prediction, Regression

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

DECIMALS: Final = 4


def metrics_of(answers: Answers, target: Array | None, prediction: Prediction) -> dict[str, float]:
    """Accuracy, and for probabilities log loss and of two labels the area under the ROC curve; or root mean squared
    error, mean absolute error and R squared. Nothing where the target is not known, or is of another kind.
    """
    import numpy as np

    figures: dict[str, float] = {}
    if target is not None and isinstance(prediction, Classification):
        figures = _classified(answers, target.astype(str), prediction)
    elif target is not None and isinstance(prediction, Regression) and target.ndim == 1 and target.dtype.kind in "fiu":
        due, got = target.astype(np.float64), answers.outputs[prediction.value].reshape(-1).astype(np.float64)
        error, spread = got - due, float(np.sum((due - due.mean()) ** 2))
        figures = {
            "root_mean_squared_error": math.sqrt(float(np.mean(error**2))),
            "mean_absolute_error": float(np.mean(np.abs(error))),
        }
        if spread:
            figures["r_squared"] = 1 - float(np.sum(error**2)) / spread
    return {name: round(value, DECIMALS) for name, value in figures.items() if math.isfinite(value)}


def _classified(answers: Answers, target: Array, prediction: Classification) -> dict[str, float]:
    import numpy as np

    if not set(np.unique(target)) <= set(prediction.labels):
        return {}
    scores = answers.outputs[prediction.scores].astype(np.float64)
    labels = labels_of(prediction, scores) if answers.labels is None else answers.labels
    figures = {"accuracy": float(np.mean(labels.astype(str) == target))}
    if len(prediction.labels) == 2:
        figures["roc_auc"] = roc_auc(target == prediction.labels[1], scores.reshape(len(scores), -1)[:, -1])
    if prediction.activation == "none" and scores.ndim == 2 and scores.shape[1] == len(prediction.labels):
        places = np.array([prediction.labels.index(label) for label in target])
        likelihood = np.clip(scores[np.arange(len(scores)), places], np.finfo(np.float64).eps, 1)
        figures["log_loss"] = float(-np.mean(np.log(likelihood)))
    return figures


def roc_auc(positive: Array, scores: Array) -> float:
    """Area under the ROC curve, by ranks (Hanley and McNeil, Radiology 143, 1982); NaN where all rows are alike."""
    import pandas as pd

    ones = int(positive.sum())
    zeros = len(positive) - ones
    if not ones or not zeros:
        return math.nan
    ranks = pd.Series(scores).rank().to_numpy()
    return float((ranks[positive].sum() - ones * (ones + 1) / 2) / (ones * zeros))
