"""Whether two models answer alike: the source and its ONNX model, or a model and a variant of it. All vectorised.

Compared is ``|got - due| <= absolute + relative * |due|``, numpy's ``allclose``, element by element; labels are equal
but where the source's own scores are nearer to each other than that.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cli.packaging.source import Answers
from serin.lock import OutputParity, Parity
from serin.manifest import Classification, Manifest, Prediction, Regression, Tensors, Tolerance

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

WORST_ROWS: Final = 5


@dataclass(frozen=True, kw_only=True)
class Deviation:
    """One row that is out of tolerance: the place in the compared rows, and the element that is furthest out."""

    row: int
    output: str
    due: str
    got: str
    times: float
    """How many times the tolerance."""

    def __str__(self) -> str:
        much = "" if math.isinf(self.times) else f", {self.times:.3g} times the tolerance"
        return f"row {self.row}: {self.output}: {self.got} where the source says {self.due}{much}"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What was found. ``worst``: rows out of tolerance, the furthest first; empty where there is parity."""

    parity: Parity
    worst: tuple[Deviation, ...]
    outside: int
    """Rows out of tolerance."""

    @property
    def holds(self) -> bool:
        return not self.outside


def compare(
    due: Answers,
    got: Mapping[str, Array],
    prediction: Prediction,
    tolerances: Mapping[str, Tolerance],
    *,
    edges: int = 0,
) -> Comparison:
    """Compare every output, row by row.

    Args:
        due: What the source answers. Outputs: [rows, ...].
        got: What the other model answers, at least for the outputs of ``due``, in the same shapes.
        prediction: What the outputs mean; labels and ranks are read by it.
        tolerances: By output; the manifest's default for one that is not named.
        edges: How many of the rows, the last ones, are edge rows.
    """
    import numpy as np

    rows = len(next(iter(due.outputs.values())))
    outputs: dict[str, OutputParity] = {}
    out_by = np.zeros(rows)
    where: list[tuple[str, Array]] = []
    for name, expected in due.outputs.items():
        tolerance = tolerances.get(name, Tolerance())
        outputs[name], times = _compare_output(expected, got[name], tolerance)
        where.append((name, times))
        out_by = np.maximum(out_by, times)
    agreement, disagreeing = _labels(due, got, prediction, tolerances)
    out_by = np.where(disagreeing, np.inf, out_by)
    failing = np.flatnonzero(out_by > 1)
    furthest = failing[np.argsort(-out_by[failing], kind="stable")][:WORST_ROWS]
    return Comparison(
        parity=Parity(
            rows=rows - edges,
            edge_rows=edges,
            outputs=outputs,
            label_agreement=agreement,
            rank_agreement=_ranks(due, got, prediction),
        ),
        worst=tuple(_deviation(int(row), due, got, where, prediction) for row in furthest),
        outside=len(failing),
    )


def _compare_output(due: Array, got: Array, tolerance: Tolerance) -> tuple[OutputParity, Array]:
    """The output's figures, and for each row how many times the tolerance its worst element is out."""
    import numpy as np

    rows = len(due)
    if due.shape != got.shape:
        return OutputParity(absolute_max=math.inf), np.full(rows, np.inf)
    if due.dtype.kind not in "fiub":
        differs = (due.astype(str) != got.astype(str)).reshape(rows, -1).any(axis=1)
        return OutputParity(absolute_max=float(differs.max(initial=0))), np.where(differs, np.inf, 0.0)
    expected, actual = due.astype(np.float64).reshape(rows, -1), got.astype(np.float64).reshape(rows, -1)
    same = (expected == actual) | (np.isnan(expected) & np.isnan(actual))
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        absolute = np.where(same, 0.0, np.nan_to_num(np.abs(actual - expected), nan=np.inf, posinf=np.inf))
        relative = np.where(same, 0.0, absolute / np.abs(expected))
        allowed = tolerance.absolute + tolerance.relative * np.abs(expected)
        times = np.where(same, 0.0, np.nan_to_num(absolute / allowed, nan=np.inf, posinf=np.inf))
    sized = relative[np.isfinite(relative)]
    figures = OutputParity(
        absolute_max=upper(absolute.max(initial=0.0)),
        absolute_mean=upper(absolute.mean() if absolute.size else 0.0),
        relative_max=upper(sized.max(initial=0.0)),
        relative_mean=upper(sized.mean() if sized.size else 0.0),
    )
    return figures, times.max(axis=1, initial=0.0)


def upper(figure: float) -> float:
    """An upper bound of two digits, so that the last bits of a sum do not show."""
    if not figure or not math.isfinite(figure):
        return float(figure)
    rounded = float(f"{figure:.1e}")
    return rounded if rounded >= figure else float(f"{figure + 10.0 ** (math.floor(math.log10(figure)) - 1):.1e}")


# --- Labels and ranks -----------------------------------------------------------------------------------------


def labels_of(prediction: Classification, scores: Array) -> Array:
    """The label of each row, as the serving process calls it: [rows] of text."""
    import numpy as np

    labels = np.array(prediction.labels, dtype=object)
    if scores.ndim == 1 or scores.shape[1] == 1:
        one = scores.reshape(len(scores)).astype(np.float64)
        middle = 0.0 if prediction.activation == "sigmoid" else 0.5
        positive = one if prediction.activation != "sigmoid" else 1 / (1 + np.exp(-one))
        probabilities = np.column_stack([1 - positive, positive])
        if prediction.threshold is None:
            return np.asarray(labels[(one > middle).astype(int)])
    else:
        probabilities = scores
    if prediction.positive is None or prediction.threshold is None:
        return np.asarray(labels[np.argmax(probabilities, axis=1)])
    place = prediction.labels.index(prediction.positive)
    return np.asarray(labels[np.where(probabilities[:, place] >= prediction.threshold, place, 1 - place)])


def _labels(
    due: Answers, got: Mapping[str, Array], prediction: Prediction, tolerances: Mapping[str, Tolerance]
) -> tuple[float | None, Array]:
    """Share of rows with the same label, and which rows differ for another reason than a tie."""
    import numpy as np

    rows = len(next(iter(due.outputs.values())))
    if not isinstance(prediction, Classification) or prediction.scores not in got:
        return None, np.zeros(rows, dtype=bool)
    expected = labels_of(prediction, due.outputs[prediction.scores]) if due.labels is None else due.labels.astype(str)
    differs = expected != labels_of(prediction, got[prediction.scores]).astype(str)
    tied = tied_rows(due, prediction, tolerances)
    return math.floor((1 - float(differs.mean())) * 1e6) / 1e6, differs & ~tied


def tied_rows(due: Answers, prediction: Prediction, tolerances: Mapping[str, Tolerance]) -> Array:
    """Rows whose label turns on less than the tolerance: [rows] of booleans."""
    import numpy as np

    if not isinstance(prediction, Classification):
        return np.zeros(len(next(iter(due.outputs.values()))), dtype=bool)
    scores, tolerance = due.outputs[prediction.scores], tolerances.get(prediction.scores, Tolerance())
    if scores.ndim == 1 or scores.shape[1] == 1:
        level = 0.0 if prediction.activation == "sigmoid" else prediction.threshold or 0.5
        near = np.abs(scores.reshape(len(scores)) - level)
        return np.asarray(near <= tolerance.absolute + tolerance.relative * abs(level))
    if prediction.positive is not None and prediction.threshold is not None:
        near = np.abs(scores[:, prediction.labels.index(prediction.positive)] - prediction.threshold)
        return np.asarray(near <= tolerance.absolute + tolerance.relative * prediction.threshold)
    best = np.sort(scores, axis=1)
    allowed = 2 * (tolerance.absolute + tolerance.relative * np.abs(best[:, -1]))
    return np.asarray(best[:, -1] - best[:, -2] <= allowed)


def ranked_column(outputs: Mapping[str, Array], prediction: Prediction) -> Array | None:
    """The number by which rows are ranked: the value, or the last label's score; None where there is none."""
    if isinstance(prediction, Tensors):
        return None
    values = outputs.get(prediction.value if isinstance(prediction, Regression) else prediction.scores)
    return None if values is None else values.reshape(len(values), -1)[:, -1]


def _ranks(due: Answers, got: Mapping[str, Array], prediction: Prediction) -> float | None:
    """Spearman's rho between both models' rankings of the rows, ties given their mean rank."""
    import numpy as np
    import pandas as pd

    expected, actual = ranked_column(due.outputs, prediction), ranked_column(got, prediction)
    if expected is None or actual is None or len(expected) < 2:
        return None
    # Last bits are no order: both sides are rounded to single precision first.
    first, second = (
        pd.Series(side.astype(np.float32)).rank(na_option="bottom").to_numpy() for side in (expected, actual)
    )
    if first.std() == 0 or second.std() == 0:
        return 1.0 if bool((first == second).all()) else 0.0
    return math.floor(float(np.corrcoef(first, second)[0, 1]) * 1e6 + 1e-6) / 1e6


def _deviation(
    row: int, due: Answers, got: Mapping[str, Array], where: list[tuple[str, Array]], prediction: Prediction
) -> Deviation:
    import numpy as np

    output, times = max(where, key=lambda item: item[1][row])
    if times[row] <= 1 and isinstance(prediction, Classification):
        expected = (labels_of(prediction, due.outputs[output]) if due.labels is None else due.labels)[row]
        return Deviation(
            row=row,
            output="label",
            due=str(expected),
            got=str(labels_of(prediction, got[output])[row]),
            times=math.inf,
        )
    expected, actual = np.ravel(due.outputs[output][row]), np.ravel(got[output][row])
    if expected.shape != actual.shape:
        return Deviation(row=row, output=output, due=f"{expected.size} elements", got=f"{actual.size}", times=math.inf)
    numbers = expected.dtype.kind in "fiub"
    gap = (
        np.abs(actual.astype(float) - expected.astype(float)) if numbers else expected.astype(str) != actual.astype(str)
    )
    place = int(np.argmax(np.nan_to_num(gap, nan=np.inf)))
    return Deviation(
        row=row,
        output=output if expected.size == 1 else f"{output}[{place}]",
        due=_told(expected[place]),
        got=_told(actual[place]),
        times=float(times[row]),
    )


def _told(value: Any) -> str:
    return (
        f"{value:.9g}"
        if (hasattr(value, "dtype") and value.dtype.kind == "f") or isinstance(value, float)
        else str(value)
    )


def tolerances_of(manifest: Manifest) -> dict[str, Tolerance]:
    """The tolerance of each output."""
    return {tensor.name: tensor.tolerance for tensor in manifest.outputs}
