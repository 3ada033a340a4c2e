"""Train ``models/diabetes``: how far the disease will have gone in a year, from ten figures taken today.

Data: the diabetes data of Efron, Hastie, Johnstone and Tibshirani (2004), as it ships inside scikit-learn.
"""

from __future__ import annotations

from typing import Final

import onnx
import pandas as pd
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from sklearn.model_selection import train_test_split

from examples import packaging
from examples.packaging import Floats, Training
from serin.manifest import Manifest

NAMES: Final = {
    "bmi": "body_mass_index",
    "bp": "blood_pressure",
    "s1": "total_cholesterol",
    "s2": "ldl_cholesterol",
    "s3": "hdl_cholesterol",
    "s4": "cholesterol_ratio",
    "s5": "log_triglycerides",
    "s6": "blood_glucose",
}


def load() -> tuple[pd.DataFrame, pd.Series]:
    """442 rows of ten features in their own units, and the measure of progression."""
    data = load_diabetes(scaled=False, as_frame=True)
    return data.data.rename(columns=NAMES).astype({"age": int, "sex": int}), data.target


def train(manifest: Manifest) -> Training:
    """Train on three quarters, measure on the rest; the model that was measured is the one that is served."""
    features, target = load()
    train_x, test_x, train_y, test_y = train_test_split(features, target, test_size=0.25, random_state=0)
    trees = GradientBoostingRegressor(n_estimators=200, max_depth=2, learning_rate=0.03, random_state=0)
    trees.fit(train_x.to_numpy(float), train_y)

    def predict(rows: pd.DataFrame) -> Floats:
        values: Floats = trees.predict(rows.to_numpy(float))
        return values

    predicted = predict(test_x)
    golden = packaging.golden_rows(test_x, predicted, manifest)
    return Training(
        model=export(trees, features.shape[1]),
        data=features.assign(progression=target),
        metrics=measure(test_y, predicted, float(train_y.mean())),
        golden=[
            (instance, {"value": round(float(value), packaging.DECIMALS)})
            for instance, value in zip(packaging.instances(golden, manifest), predict(golden), strict=True)
        ],
        baseline=packaging.baseline(train_x, manifest, packaging.numeric_bins(predicted)),
        tools=("scikit-learn", "skl2onnx", "onnx"),
    )


def measure(actual: pd.Series, predicted: Floats, mean: float) -> dict[str, float]:
    """Hold-out figures, and for comparison the error of always answering the training rows' mean."""
    return {
        "r2": r2_score(actual, predicted),
        "mean_absolute_error": mean_absolute_error(actual, predicted),
        "root_mean_squared_error": root_mean_squared_error(actual, predicted),
        "mean_absolute_error_of_the_mean": float((actual - mean).abs().mean()),
    }


def export(trees: GradientBoostingRegressor, width: int) -> onnx.ModelProto:
    """The trees as one ensemble; its output is the value."""
    model = to_onnx(trees, initial_types=[("features", FloatTensorType([None, width]))], target_opset=packaging.OPSETS)
    return packaging.only_output(model, "variable", "diabetes")


if __name__ == "__main__":
    packaging.main(__file__, train)
