"""How good a model is on labelled rows: accuracy, or ROC AUC of two labels, or R2 of a number. More is better."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from cli.outcome import CommandError, ExitCode
from cli.packaging.metrics import roc_auc
from cli.packaging.parity import labels_of
from serin.manifest import Classification, Prediction, Regression

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

ACCURACY: Final = "accuracy"
ROC_AUC: Final = "ROC AUC"
R2: Final = "R2"


def metric_name(prediction: Prediction) -> str | None:
    """The metric of the task; None where it has none."""
    if isinstance(prediction, Regression):
        return R2
    if isinstance(prediction, Classification):
        return ROC_AUC if len(prediction.labels) == 2 else ACCURACY
    return None


def checked_target(prediction: Prediction, target: Array) -> Array:
    """The target as the metric takes it: labels as text, or numbers; [rows].

    Raises:
        CommandError: the task has no metric, or these are not what it answers.
    """
    import numpy as np

    if isinstance(prediction, Classification):
        return _labels(prediction, target)
    if not isinstance(prediction, Regression):
        raise _wrong("--target: a model that answers tensors has no metric; leave it out")
    try:
        numbers = target.astype(np.float64)
    except (ValueError, TypeError):
        raise _wrong("--target: the model answers a number, and the column holds texts") from None
    if numbers.ndim != 1 or not np.ptp(numbers) > 0:
        raise _wrong("--target: needs one number a row, and more than one value")
    return np.asarray(numbers)


def metric(prediction: Prediction, outputs: Mapping[str, Array], target: Array) -> float:
    """The metric of ``outputs``. ``target``: as ``checked_target`` gives it."""
    import numpy as np

    if isinstance(prediction, Regression):
        value = outputs[prediction.value].reshape(len(target)).astype(np.float64)
        return float(1 - np.sum((target - value) ** 2) / np.sum((target - target.mean()) ** 2))
    assert isinstance(prediction, Classification)  # noqa: S101 - what checked_target has seen to
    scores = outputs[prediction.scores]
    if len(prediction.labels) > 2:
        return float(np.mean(labels_of(prediction, scores) == target))
    positive = prediction.labels[1] if prediction.positive is None else prediction.positive
    one = scores.reshape(len(target), -1)
    if one.shape[1] == 1:  # it speaks of the second label
        one = one if positive == prediction.labels[1] else -one
        return roc_auc(target == positive, one[:, 0])
    return roc_auc(target == positive, one[:, prediction.labels.index(positive)])


def _labels(prediction: Classification, target: Array) -> Array:
    import numpy as np

    if target.ndim != 1:
        raise _wrong("--target: needs one label a row")
    whole = target.dtype.kind == "f" and bool((target == target.round()).all())
    labels = (target.astype(np.int64) if whole else target).astype(str)
    if strange := sorted(set(labels) - set(prediction.labels)):
        known = ", ".join(map(repr, prediction.labels[:10]))
        raise _wrong(f"--target: holds {str(strange[0])!r}, which is no label of the model; it answers {known}")
    if len(set(labels)) < 2:
        raise _wrong("--target: holds one label only; a metric needs more")
    return np.asarray(labels)


def _wrong(message: str) -> CommandError:
    return CommandError(ExitCode.REFUSED, message)
