"""What a model's outputs mean, for one that does not say it: by their shapes, and by what was to be learned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from serin.manifest import Classification, Prediction, Regression, Tensors

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_SUM_TOLERANCE: Final = 1e-4
"""How far the probabilities of one row may be from 1, together."""


def prediction_of(outputs: Mapping[str, Array], target: Array | None) -> Prediction:
    """What ``outputs`` are, judged by the only one of them that fits the target.

    - Target of labels (text, whole numbers or booleans, K different ones), output of floats [rows, K], or for two
      labels [rows] or [rows, 1]: ``Classification``; labels in the order that scikit-learn has them in. Rows that are
      no probabilities yet get the activation that makes them some.
    - Target of numbers, output [rows] or [rows, 1]: ``Regression``.
    - Anything else: ``Tensors``.

    Args:
        outputs: What the model answers for some rows, by name; the first axis is the rows.
        target: What was to be learned from all rows of the data, if it is known: [rows], or [rows, targets].
    """
    floats = {name: values for name, values in outputs.items() if values.dtype.kind == "f"}
    singles = [name for name, values in floats.items() if values.shape[1:] in {(), (1,)}]
    if target is None or target.ndim != 1:
        return Tensors()
    labels = labels_of_target(target)
    wide = [name for name, values in floats.items() if values.shape[1:] == (len(labels),) and len(labels) > 1]
    if len(wide) == 1:
        shares = _are_probabilities(floats[wide[0]])
        return Classification(scores=wide[0], labels=labels, activation="none" if shares else "softmax")
    if len(singles) != 1 or wide:
        return Tensors()
    if len(labels) == 2:
        shares = _are_shares(floats[singles[0]])
        return Classification(scores=singles[0], labels=labels, activation="none" if shares else "sigmoid")
    return Regression(value=singles[0]) if target.dtype.kind in "fiu" else Tensors()


def labels_of_target(target: Array) -> tuple[str, ...]:
    """The different labels as text, sorted as what they are; none where the target is a number on a scale."""
    import numpy as np

    if target.dtype.kind == "f":
        return ()
    if target.dtype == object:
        return tuple(sorted({str(value) for value in target}))
    return tuple(str(value) for value in np.unique(target))


def _are_probabilities(rows: Array) -> bool:
    import numpy as np

    return _are_shares(rows) and bool(np.allclose(rows.sum(axis=1, dtype=np.float64), 1, rtol=0, atol=_SUM_TOLERANCE))


def _are_shares(rows: Array) -> bool:
    return bool(((rows >= 0) & (rows <= 1)).all())
