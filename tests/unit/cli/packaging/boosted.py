"""A boosted model beside its ONNX model, on rows that look for what goes wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from cli.packaging.features import columns_of, tensors_of
from cli.packaging.onnx_session import OnnxSession
from cli.packaging.parity import Comparison, compare
from cli.packaging.rows import Rows
from cli.packaging.sources.boosted_source import BoostedSource
from serin.admission import refuse_artifact
from serin.manifest import SCHEMA, Manifest, TensorOutput

Array = np.ndarray[Any, Any]

ROWS: Final = 2000
EXTREMES: Final = (3e38, -3e38, 1e-40, -1e-40, 0.0, -0.0, 1e-35, -1e-35, 1.1e-35, -0.5, 2.7, -1.5, 70.0, 4e9, np.nan)
_MOST_THRESHOLDS: Final = 400


def numbers(missing: float = 0.1) -> Array:
    """[ROWS, 4]: three of a normal distribution, some of them missing, and one of 40 whole numbers, many of them 0."""
    draw = np.random.default_rng(0)
    features = draw.normal(size=(ROWS, 4))
    features[:, 3] = np.where(draw.random(ROWS) < 0.3, 0, draw.integers(0, 40, ROWS))
    features[draw.random(features.shape) < missing] = np.nan
    return features


def target(features: Array) -> Array:
    """What can be learned of ``numbers``: from about -8 to 8."""
    known = np.nan_to_num(features)
    effects = np.random.default_rng(1).normal(size=40)[known[:, 3].astype(int)]
    return np.asarray(known[:, 0] * 2 + np.sin(known[:, 1] * 3) + np.isnan(features[:, 2]) + effects)


def classes(features: Array) -> Array:
    """Three of them, none of them rare."""
    return np.digitize(target(features), [-1, 1])


def tried(features: Array, thresholds: Iterable[float], names: Sequence[str], extremes: Sequence[float]) -> Rows:
    """The rows, and others with thresholds, their neighbours in single precision, and extremes."""
    given = [value for value in dict.fromkeys(thresholds) if abs(value) < 3e38][:_MOST_THRESHOLDS]
    single = np.array(given, np.float32)
    beside = np.concatenate(
        [single, np.nextafter(single, np.float32(np.inf)), np.nextafter(single, np.float32(-np.inf))]
    )
    edges = np.concatenate([given, beside.astype(float), extremes])
    others = np.column_stack([np.random.default_rng(place).permutation(edges) for place in range(features.shape[1])])
    same = np.repeat(edges[:, None], features.shape[1], axis=1)
    return Rows(table=pd.DataFrame(np.vstack([features, others, same]), columns=list(names)))


def thresholds_of(source: BoostedSource) -> list[float]:
    """All that its splits compare with."""
    return [float(value) for tree in source._ensemble.trees for value in tree.threshold]


def compared(
    source: object, features: Array, names: Sequence[str] = "abcd", extremes: Sequence[float] = EXTREMES
) -> Comparison:
    """The source's answers and the ONNX model's, which admission has let in."""
    assert isinstance(source, BoostedSource)
    rows = tried(features, thresholds_of(source), names, extremes)
    assert rows.table is not None
    layout = source.layout(columns_of(rows.table, source.feature_names, source.feature_count, "rows"), rows)
    artifact = source.convert(layout).SerializeToString()
    session = OnnxSession(artifact)
    prediction = source.prediction(rows)
    manifest = Manifest(
        schema=SCHEMA,
        name="boosted",
        version="1.0.0",
        inputs=layout.inputs,
        outputs=tuple(TensorOutput(name=o.name, datatype=o.datatype, shape=o.shape) for o in session.outputs),
        prediction=prediction,
    )
    refuse_artifact(Path("model.onnx"), artifact, manifest)
    return compare(source.answer(rows), session.run(tensors_of(rows.table, layout)), prediction, {})
