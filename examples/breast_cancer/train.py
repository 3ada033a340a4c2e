"""Train ``models/breast-cancer``: malignant or benign, from 30 figures of the cell nuclei in a fine-needle aspirate.

Data: Breast Cancer Wisconsin (Diagnostic), as it ships inside scikit-learn.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import onnx
import pandas as pd
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score, brier_score_loss, recall_score, roc_auc_score
from sklearn.model_selection import train_test_split

from examples import packaging
from examples.packaging import Floats, Prediction, Training
from serin.manifest import Manifest

LABELS: Final = ("malignant", "benign")
"""In the order of the data set's codes, 0 and 1."""


def load() -> tuple[pd.DataFrame, pd.Series]:
    """569 rows of 30 features, and each row's code."""
    data = load_breast_cancer(as_frame=True)
    return data.data.rename(columns=lambda name: name.replace(" ", "_")), data.target


def train(manifest: Manifest) -> Training:
    """Train on three quarters, measure on the rest; the model that was measured is the one that is served."""
    features, target = load()
    train_x, test_x, train_y, test_y = train_test_split(
        features, target, test_size=0.25, stratify=target, random_state=0
    )
    forest = RandomForestClassifier(n_estimators=100, min_samples_leaf=2, random_state=0)
    forest.fit(train_x.to_numpy(), train_y)
    malignant = probabilities(forest, test_x)[:, 0]
    golden = packaging.golden_rows(test_x, malignant, manifest)
    return Training(
        model=export(forest, features.shape[1]),
        data=features.assign(diagnosis=target.map(dict(enumerate(LABELS)))),
        metrics=measure(test_y == 0, malignant),
        golden=zip(packaging.instances(golden, manifest), predict(forest, golden), strict=True),
        baseline=packaging.baseline(train_x, manifest, packaging.numeric_bins(malignant)),
        tools=("scikit-learn", "skl2onnx", "onnx"),
    )


def probabilities(forest: RandomForestClassifier, rows: pd.DataFrame) -> Floats:
    """Probability of each label, [rows, 2]."""
    shares: Floats = forest.predict_proba(rows.to_numpy())
    return shares


def predict(forest: RandomForestClassifier, rows: pd.DataFrame) -> list[Prediction]:
    """The forest's own predictions."""
    return [packaging.class_prediction(LABELS, row, LABELS[int(np.argmax(row))]) for row in probabilities(forest, rows)]


def measure(is_malignant: pd.Series, malignant: Floats) -> dict[str, float]:
    """Hold-out figures at the threshold of one half."""
    called = malignant >= 0.5
    return {
        "roc_auc": roc_auc_score(is_malignant, malignant),
        "accuracy": accuracy_score(is_malignant, called),
        "sensitivity": recall_score(is_malignant, called),
        "specificity": recall_score(is_malignant, called, pos_label=False),
        "brier_score": brier_score_loss(is_malignant, malignant),
    }


def export(forest: RandomForestClassifier, width: int) -> onnx.ModelProto:
    """The forest as one tree ensemble; its output is the two probabilities."""
    model = to_onnx(
        forest,
        initial_types=[("features", FloatTensorType([None, width]))],
        options={id(forest): {"zipmap": False}},
        target_opset=packaging.OPSETS,
    )
    return packaging.only_output(model, "probabilities", "breast-cancer")


if __name__ == "__main__":
    packaging.main(__file__, train)
