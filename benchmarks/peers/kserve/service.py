"""The forest in KServe's model server: ``service.py --http_port=PORT``."""

import os
from typing import Any

import kserve
import numpy as np
import onnxruntime as ort

LABELS = ("malignant", "benign")


class Forest(kserve.Model):
    """One session."""

    def load(self) -> bool:
        self.session = ort.InferenceSession(os.environ["MODEL_PATH"], providers=["CPUExecutionProvider"])
        self.ready = True
        return True

    def predict(self, payload: Any, headers: Any = None, response_headers: Any = None) -> Any:
        rows = np.array([list(instance.values()) for instance in payload["instances"]], dtype=np.float32)
        (scores,) = self.session.run(None, {"features": rows})
        return {"predictions": [dict(zip(LABELS, row, strict=True)) for row in scores.tolist()]}


if __name__ == "__main__":
    forest = Forest("breast-cancer")
    forest.load()
    kserve.ModelServer().start([forest])
