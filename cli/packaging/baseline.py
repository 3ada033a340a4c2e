"""The distributions of features and predictions, as bins: counts and edges only, never rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from serin.baseline import BASELINE_SCHEMA, Baseline, Bins, CategoryBins, NumericBins
from serin.manifest import Manifest
from serin.predictions import Predictor

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Floats = np.ndarray[Any, np.dtype[np.float64]]

MOST_BINS: Final = 10
"""Of numbers: their edges are the deciles, where there are enough rows."""
FEWEST_ROWS: Final = 20
"""Fewest rows that a bin stands for, where there are enough."""


def baseline_of(table: pd.DataFrame | None, manifest: Manifest, predictions: Sequence[dict[str, Any]]) -> Baseline:
    """Bins of the features beside those of the predictions.

    Args:
        table: Rows as the model was trained on, a column a feature; None for a model that takes tensors.
        manifest: Says which features are categories, and what predictions mean.
        predictions: For rows as live ones are: not those that the model was trained on, if there are others.
    """
    features = (
        {}
        if table is None
        else {
            feature.name: bins
            for feature in manifest.features
            if (bins := _feature_bins(table[feature.name], feature.type, feature.categories)) is not None
        }
    )
    watched = Predictor(manifest).binned(predictions)
    return Baseline(schema=BASELINE_SCHEMA, features=features, prediction=_prediction_bins(watched, manifest))


def _feature_bins(values: pd.Series[Any], kind: str, categories: Sequence[str] | None) -> Bins | None:
    """None for free text, which has no bins."""
    import numpy as np

    if kind == "string":
        if categories is None:
            return None
        return category_bins(categories, [value if isinstance(value, str) else None for value in values])
    return numeric_bins(values.to_numpy(dtype=np.float64, na_value=np.nan))


def _prediction_bins(watched: Sequence[float | str] | None, manifest: Manifest) -> Bins | None:
    import numpy as np

    if not watched:
        return None
    if isinstance(watched[0], str):
        labels: Sequence[str] = getattr(manifest.prediction, "labels", ())
        return category_bins(labels, [str(label) for label in watched])
    return numeric_bins(np.array(watched, dtype=np.float64))


def numeric_bins(values: Floats) -> NumericBins:
    """Bins of about equal counts. NaN is counted as missing.

    Edges lie half-way between neighbouring values, so that no value sits on an edge, where single and double
    precision could put it into different bins.
    """
    import numpy as np

    known = np.sort(values[~np.isnan(values)])
    count = max(2, min(MOST_BINS, len(known) // FEWEST_ROWS))
    edges = sorted(set(_edges(known, count))) or [float(f"{known[0] + 0.5:.9g}" if len(known) else 0.0)]
    counts = np.bincount(np.searchsorted(np.array(edges), known, side="right"), minlength=len(edges) + 1)
    return NumericBins(edges=tuple(edges), counts=tuple(map(int, counts)), missing=len(values) - len(known))


def _edges(known: Floats, count: int) -> Iterator[float]:
    import numpy as np

    for rank in (len(known) * k // count for k in range(1, count if len(known) else 1)):
        below = known[rank - 1]
        above = known[np.searchsorted(known, below, side="right") :]
        if above.size:
            yield float(f"{(below + above[0]) / 2:.9g}")


def category_bins(categories: Sequence[str], values: Sequence[str | None]) -> CategoryBins:
    """One bin a category, in the manifest's order."""
    names = tuple(categories)
    histogram = CategoryBins(categories=names, counts=()).count(values)
    return CategoryBins(
        categories=names,
        counts=tuple(histogram.get(str(i), 0) for i in range(len(names))),
        missing=histogram.get("missing", 0),
    )


def baseline_text(bins: Baseline) -> str:
    """``baseline.json``, indented."""
    return msgspec.json.format(msgspec.json.encode(bins), indent=2).decode() + "\n"
