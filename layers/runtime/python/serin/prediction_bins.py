"""What a model answers, counted into the baseline's bins."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Final

from serin.baseline import Bins, Histogram
from serin.errors import InvalidInput, OutputNotFinite
from serin.manifest import Manifest, TensorOutput
from serin.policy import InputPolicy, finite_column
from serin.predictions import Prediction, Predictor
from serin.screening import NumberScreen
from serin.tensor import Tensor

_SECONDS: Final = 5
"""Longest time to count one answer; it takes milliseconds."""


_MANY_ROWS: Final = 100
"""From here on they are counted as inputs are; fewer are quicker one by one."""

_WATCHED: Final = "prediction"


class PredictionBins:
    """Counts predictions, or the outputs that they would be made of."""

    def __init__(self, manifest: Manifest, predictor: Predictor, bins: Bins) -> None:
        self._predictor = predictor
        self._bins = bins
        self._screen: NumberScreen | None = None
        watched = predictor.watched_column()
        output = next(output for output in manifest.outputs if output.name == predictor.outputs[0])
        if watched is not None and watched[1] == _width(output):
            # Screened as an input would be whose values must be finite.
            policy = InputPolicy(output.datatype, [finite_column(output.name, output.datatype)] * watched[1])
            columns = [(_WATCHED, bins) if i == watched[0] else ("", None) for i in range(watched[1])]
            self._screen = NumberScreen(output.datatype, policy, columns)
            self._output = output.name

    def of_predictions(self, predictions: Sequence[Prediction]) -> Histogram:
        """Histogram of one request's predictions; empty where they are not what is watched."""
        watched = self._predictor.binned(predictions)
        return {} if watched is None else self._bins.count(watched)

    def of_outputs(self, outputs: Mapping[str, Tensor]) -> Histogram:
        """The same for outputs; empty also where they make no prediction: some are not there, or are not finite."""
        if not all(name in outputs for name in self._predictor.outputs):
            return {}
        try:
            if self._screen is not None and outputs[self._output].rows >= _MANY_ROWS:
                return self._screen.count(outputs[self._output], time.monotonic() + _SECONDS)[1][_WATCHED]
            watched = self._predictor.watched(outputs)
        except (InvalidInput, OutputNotFinite):
            return {}
        return {} if watched is None else self._bins.count(watched)


def _width(output: TensorOutput) -> int:
    """Columns of an output of shape [rows] or [rows, columns]."""
    return 1 if len(output.shape) == 1 else output.shape[1]
