"""The forest in BentoML: ``bentoml serve service:Forest``."""

import os
from typing import Any

import bentoml
import numpy as np
import onnxruntime as ort

LABELS = ("malignant", "benign")


@bentoml.service
class Forest:
    """One session in one worker."""

    def __init__(self) -> None:
        self.session = ort.InferenceSession(os.environ["MODEL_PATH"], providers=["CPUExecutionProvider"])

    @bentoml.api(route="/predict")
    def predict(self, instances: list[dict[str, float]]) -> dict[str, Any]:
        """One prediction a row."""
        rows = np.array([list(instance.values()) for instance in instances], dtype=np.float32)
        (scores,) = self.session.run(None, {"features": rows})
        return {"predictions": [dict(zip(LABELS, row, strict=True)) for row in scores.tolist()]}
