"""Every kind of estimator: packaged with parity, served over HTTP, and equal to what the estimator itself says."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from serin.admission import verify
from serin.manifest import Classification, Regression
from serin.model_folder import load_model_folder
from tests.integration.packaging.estimators import KINDS, Trained
from tests.integration.packaging.workshop import packaged
from tests.serving import serving

ROWS = 40


@dataclass(frozen=True)
class Shop:
    models: Path
    trained: dict[str, Trained]
    url: str


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """All kinds, packaged and served together."""
    place = tmp_path_factory.mktemp("shop")
    trained = {name: train() for name, train in KINDS.items()}
    for name, each in trained.items():
        packaged(each, name, place)
    with serving(place / "models", seconds=300) as server:
        yield Shop(place / "models", trained, server.url)


def close(actual: Any, due: Any) -> None:
    np.testing.assert_allclose(actual, due, rtol=1e-4, atol=1e-4)


def asked(url: str, name: str, rows: pd.DataFrame) -> list[dict[str, Any]]:
    """The predictions for ``rows``, by HTTP."""
    instances = [{k: None if pd.isna(v) else v for k, v in row.items()} for row in rows.to_dict("records")]
    request = urllib.request.Request(  # noqa: S310 - loopback
        f"{url}/models/{name}/predict",
        data=json.dumps({"instances": instances}).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 - loopback
        predictions: list[dict[str, Any]] = json.load(response)["predictions"]
    return predictions


@pytest.mark.parametrize("name", KINDS)
def test_what_is_served_is_what_the_estimator_says(name: str, shop: Shop) -> None:
    trained = shop.trained[name]
    rows = trained.features.iloc[:: max(1, len(trained.features) // ROWS)]
    got = asked(shop.url, name, rows)
    given: Any = rows if hasattr(trained.model, "feature_names_in_") else rows.iloc[:, 0].tolist()
    due = np.asarray(trained.model.predict(given))
    task = load_model_folder(shop.models / name).manifest.prediction
    if isinstance(task, Classification):
        assert [row["label"] for row in got] == due.astype(str).tolist()
        if hasattr(trained.model, "predict_proba"):
            probabilities = [[row["probabilities"][label] for label in task.labels] for row in got]
            close(probabilities, trained.model.predict_proba(given))
    elif isinstance(task, Regression):
        close([row["value"] for row in got], due)
    else:
        ((output, _),) = got[0].items()
        values = [row[output] for row in got]
        if due.dtype.kind == "f":
            close(values, due.reshape(len(rows), -1))
        else:
            assert np.array(values).astype(str).tolist() == due.reshape(len(rows), -1).astype(str).tolist()


@pytest.mark.parametrize("name", ["columns-of-all-kinds", "words", "histogram-boosting", "several-targets"])
def test_a_packaged_folder_is_admitted(name: str, shop: Shop) -> None:
    assert verify(shop.models / name, seconds=60) == []


def test_features_are_read_from_the_data(shop: Shop) -> None:
    manifest = load_model_folder(shop.models / "columns-of-all-kinds").manifest
    features = {feature.name: feature for feature in manifest.features}
    assert {name: feature.type for name, feature in features.items()} == {
        "age": "int",
        "fare": "float",
        "deck": "string",
        "port": "string",
        "returning": "bool",
    }
    assert features["fare"].missing == "allow"
    assert features["age"].missing == "reject"
    assert features["port"].categories == ("Brest", "Cádiz", "Dover", "Århus")
    assert features["age"].range is not None
    assert features["age"].range[0] == 0
    assert manifest.lineage is not None
    assert manifest.lineage.metrics == {}, "no row was held out"


def test_the_lock_holds_parity_and_where_the_model_comes_from(shop: Shop) -> None:
    lock = load_model_folder(shop.models / "columns-of-all-kinds").lock
    assert lock.parity is not None
    assert lock.parity.label_agreement == 1
    assert lock.parity.rows == 600
    assert lock.parity.edge_rows >= 8
    assert lock.provenance is not None
    assert lock.provenance.framework.startswith("scikit-learn ")
    assert lock.provenance.data.rows == 600
    assert {"scikit-learn", "skl2onnx", "onnx", "onnxruntime"} <= lock.tools.keys()


@pytest.mark.parametrize(
    "name", ["logistic-regression-of-three", "words", "random-forest-regression", "columns-of-all-kinds"]
)
def test_the_same_model_and_data_give_the_same_bytes(name: str, shop: Shop, tmp_path: Path) -> None:
    again = packaged(shop.trained[name], name, tmp_path).folder
    before = shop.models / name
    assert {file.name: file.read_bytes() for file in again.iterdir()} == {
        file.name: file.read_bytes() for file in before.iterdir()
    }


def test_golden_cases_have_every_class(shop: Shop) -> None:
    lines = (shop.models / "gradient-boosting" / "golden.jsonl").read_text().splitlines()
    assert {json.loads(line)["prediction"]["label"] for line in lines} == {"0", "1", "2"}


def test_the_baseline_counts_every_row_and_holds_none(shop: Shop) -> None:
    baseline = load_model_folder(shop.models / "columns-of-all-kinds").baseline
    assert baseline is not None
    for bins in [*baseline.features.values(), baseline.prediction]:
        assert bins is not None
        assert sum(bins.counts) + bins.missing == 600
    assert baseline.features["fare"].missing > 0
