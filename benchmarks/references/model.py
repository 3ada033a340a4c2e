"""The model as the references of the web run it."""

import os
from collections.abc import Sequence

import numpy as np
import onnxruntime as ort
from schema import Instance, Prediction

LABELS = ("malignant", "benign")
FEATURES = tuple(Instance.model_fields)

session = ort.InferenceSession(os.environ["MODEL_PATH"], providers=["CPUExecutionProvider"])


def predict(instances: Sequence[Instance]) -> list[Prediction]:
    """One prediction a row."""
    rows = np.array([[getattr(instance, name) for name in FEATURES] for instance in instances], dtype=np.float32)
    (scores,) = session.run(None, {"features": rows})
    return [
        Prediction(
            label=LABELS[int(np.argmax(row))],
            probability=float(row.max()),
            probabilities=dict(zip(LABELS, row.tolist(), strict=True)),
        )
        for row in scores
    ]
