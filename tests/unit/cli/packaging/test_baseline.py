from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import pytest

from cli.packaging.baseline import baseline_of, baseline_text, category_bins, numeric_bins
from serin.baseline import Baseline, CategoryBins, NumericBins
from serin.manifest import Feature, Prediction, Tensors
from tests.unit.cli.packaging.sources import HALVES, VALUE, manifest_of, people

FEATURES = (
    Feature(name="age", type="int"),
    Feature(name="height", type="float", missing="allow"),
    Feature(name="member", type="bool"),
)


def test_bins_of_many_numbers_hold_about_a_tenth_each() -> None:
    bins = numeric_bins(np.random.default_rng(0).normal(size=1000))
    assert bins.counts == (100,) * 10
    assert bins.missing == 0


@pytest.mark.parametrize(
    ("values", "counts", "missing"),
    [
        ([1.0], (1, 0), 0),
        ([1.0, 2.0], (1, 1), 0),
        ([5.0] * 50, (50, 0), 0),
        ([0.0] * 90 + [1.0] * 10, (90, 10), 0),
        ([math.nan, 1.0, 2.0], (1, 1), 1),
        ([math.nan], (0, 0), 1),
    ],
)
def test_few_or_equal_numbers_have_bins_too(values: list[float], counts: tuple[int, ...], missing: int) -> None:
    bins = numeric_bins(np.array(values))
    assert (bins.counts, bins.missing) == (counts, missing)
    assert all(math.isfinite(edge) for edge in bins.edges)


def test_live_numbers_are_counted_into_the_same_bins_in_single_precision() -> None:
    values = np.random.default_rng(0).random(300).round(2)
    bins = numeric_bins(values)
    live = bins.count(values.astype(np.float32).astype(float).tolist())
    assert [live.get(str(i), 0) for i in range(len(bins.counts))] == list(bins.counts)


def test_categories_keep_the_manifests_order() -> None:
    bins = category_bins(["b", "a", "never"], ["a", "b", "a", None, "other"])
    assert (bins.categories, bins.counts, bins.missing) == (("b", "a", "never"), (1, 2, 0), 1)


@pytest.mark.parametrize(
    ("prediction", "predictions", "due"),
    [
        (VALUE, [{"value": 1.0}, {"value": 2.0}], NumericBins(edges=(1.5,), counts=(1, 1))),
        (
            HALVES,
            [
                {"label": "no", "probabilities": {"no": 0.9, "yes": 0.1}},
                {"label": "yes", "probabilities": {"yes": 0.7}},
            ],
            NumericBins(edges=(0.4,), counts=(1, 1)),
        ),
        (
            msgspec.structs.replace(HALVES, positive=None, threshold=None),
            [{"label": "no"}, {"label": "no"}],
            CategoryBins(categories=("no", "yes"), counts=(2, 0)),
        ),
        (Tensors(), [{"y": [1]}], None),
    ],
)
def test_what_drift_watches_of_predictions_is_binned(
    prediction: Prediction, predictions: list[dict[str, Any]], due: object
) -> None:
    assert baseline_of(None, manifest_of(prediction), predictions).prediction == due


def test_features_are_binned_and_free_text_is_not() -> None:
    free, kinds = Feature(name="city", type="string"), ("Brest", "no", "Århus")
    table = people()
    baseline = baseline_of(table, manifest_of(VALUE, features=(*FEATURES, free)), [])
    assert baseline.features.keys() == {"age", "height", "member"}
    assert baseline.features["height"].missing == 1
    assert baseline.features["member"].counts == (20, 20)
    listed = msgspec.structs.replace(free, categories=kinds)
    table.loc[0, "city"] = None
    baseline = baseline_of(table, manifest_of(VALUE, features=(listed,)), [])
    assert baseline.features["city"] == CategoryBins(categories=kinds, counts=(20, 10, 9), missing=1)


def test_the_text_is_what_is_read_back() -> None:
    baseline = baseline_of(people(), manifest_of(VALUE, features=FEATURES), [{"value": 1.0}])
    text = baseline_text(baseline)
    assert msgspec.json.decode(text, type=Baseline) == baseline
    assert text.endswith("}\n")
