"""The model's outputs into answers that mean something: labels, probabilities, values."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from serin.elements import to_json
from serin.errors import ModelRejectedInput
from serin.manifest import Classification, Manifest, Regression, Tensors
from serin.nested import nest
from serin.tensor import Tensor

Prediction = dict[str, Any]
"""``{label, probability, probabilities}``, ``{value}``, or one nested list an output."""


class Predictor:
    """Outputs to one prediction a row. Built once, from the manifest."""

    def __init__(self, manifest: Manifest) -> None:
        task = manifest.prediction
        self.outputs = _needed(manifest)
        self._task = task
        self._watch = None if isinstance(task, Tensors) else _watch_of(task)
        self._decode: _Classifier | _Regressor | _Tensors
        if isinstance(task, Classification):
            self._decode = _Classifier(task)
        elif isinstance(task, Regression):
            self._decode = _Regressor(task)
        else:
            self._decode = _Tensors(manifest)

    def __call__(self, outputs: Mapping[str, Tensor]) -> list[Prediction]:
        """One prediction a row, in order.

        Raises:
            OutputNotFinite: the model answered NaN or an infinity.
            ModelRejectedInput: its outputs differ in their number of rows.
        """
        return self._decode(outputs)

    def binned(self, predictions: Sequence[Prediction]) -> Sequence[float | str] | None:
        """What drift watches: probability of the positive label, the label, or the value. None: nothing."""
        return None if self._watch is None else list(map(self._watch, predictions))

    def watched(self, outputs: Mapping[str, Tensor]) -> Sequence[float | str] | None:
        """The same without the predictions around it; raises what they raise."""
        return None if isinstance(self._decode, _Tensors) else self._decode.watched(outputs)

    def watched_column(self) -> tuple[int, int] | None:
        """Which of how many columns of its only output is what drift watches as it is; None where it is none.

        That takes an output that has so many: from the one score of a binary model the other is worked out.
        """
        task = self._task
        if isinstance(task, Regression):
            return (0, 1) if task.clip is None else None
        if not isinstance(task, Classification) or task.positive is None or task.activation != "none":
            return None
        return task.labels.index(task.positive), len(task.labels)


def _watch_of(task: Classification | Regression) -> Callable[[Prediction], Any]:
    """What drift watches of a prediction."""
    if isinstance(task, Regression):
        return itemgetter("value")
    if task.positive is None:
        return itemgetter("label")
    positive = task.positive
    return lambda prediction: prediction["probabilities"][positive]


class _Classifier:
    def __init__(self, task: Classification) -> None:
        self._task = task
        self._labels = task.labels
        self._positive, self._threshold = task.positive, task.threshold
        self._other = next(label for label in task.labels if label != task.positive)

    def __call__(self, outputs: Mapping[str, Tensor]) -> list[Prediction]:
        scores = outputs[self._task.scores]
        values, width = to_json(scores), _width(scores)
        if len(values) == width:
            return [self._row(values)]
        return [self._row(values[i : i + width]) for i in range(0, len(values), width)]

    def watched(self, outputs: Mapping[str, Tensor]) -> Sequence[float | str]:
        scores = outputs[self._task.scores]
        values, width = to_json(scores), _width(scores)
        positive = self._task.positive
        if positive is None or self._task.activation != "none":
            return list(map(_watch_of(self._task), self(outputs)))
        place = self._labels.index(positive)
        if width > 1:
            return values[place::width]
        return values if place == 1 else [1.0 - score for score in values]

    def _row(self, scores: Sequence[float]) -> Prediction:
        probabilities = dict(zip(self._labels, self._probabilities(scores), strict=True))
        if self._positive is None or self._threshold is None:
            label = max(probabilities, key=probabilities.__getitem__)
        else:
            label = self._positive if probabilities[self._positive] >= self._threshold else self._other
        return {"label": label, "probability": probabilities[label], "probabilities": probabilities}

    def _probabilities(self, scores: Sequence[float]) -> Sequence[float]:
        if self._task.activation == "softmax":
            return _softmax(scores)
        if self._task.activation == "sigmoid":
            scores = [_sigmoid(score) for score in scores]
        if len(scores) == 1:  # one score of a binary model is that of the second label
            return (1.0 - scores[0], scores[0])
        return scores


class _Regressor:
    def __init__(self, task: Regression) -> None:
        self._task = task
        low, high = task.clip or (None, None)
        self._low = -math.inf if low is None else low
        self._high = math.inf if high is None else high

    def __call__(self, outputs: Mapping[str, Tensor]) -> list[Prediction]:
        return [{"value": value} for value in self.watched(outputs)]

    def watched(self, outputs: Mapping[str, Tensor]) -> Sequence[float]:
        values = to_json(outputs[self._task.value])
        if self._task.clip is None:
            return values
        return [min(max(value, self._low), self._high) for value in values]


class _Tensors:
    """An output with a leading dynamic axis has a row for each row of the request, where the inputs have rows."""

    def __init__(self, manifest: Manifest) -> None:
        has_rows = any(tensor.shape[:1] == (-1,) for tensor in manifest.inputs)
        self._by_row = [tensor.name for tensor in manifest.outputs if has_rows and tensor.shape[:1] == (-1,)]

    def __call__(self, outputs: Mapping[str, Tensor]) -> list[Prediction]:
        nested = {name: nest(to_json(tensor), tensor.shape) for name, tensor in outputs.items()}
        lengths = {len(nested[name]) for name in self._by_row} or {1}
        if len(lengths) > 1:
            raise ModelRejectedInput("the model's outputs differ in their number of rows")
        return [
            {name: value[row] if name in self._by_row else value for name, value in nested.items()}
            for row in range(lengths.pop())
        ]


def _needed(manifest: Manifest) -> tuple[str, ...]:
    if isinstance(manifest.prediction, Classification):
        return (manifest.prediction.scores,)
    if isinstance(manifest.prediction, Regression):
        return (manifest.prediction.value,)
    return tuple(tensor.name for tensor in manifest.outputs)


def _width(scores: Tensor) -> int:
    return scores.shape[1] if len(scores.shape) == 2 else 1


def _softmax(scores: Sequence[float]) -> list[float]:
    largest = max(scores)
    powers = [math.exp(score - largest) for score in scores]
    total = math.fsum(powers)
    return [power / total for power in powers]


def _sigmoid(score: float) -> float:
    if score >= 0:
        return 1.0 / (1.0 + math.exp(-score))
    power = math.exp(score)
    return power / (1.0 + power)
