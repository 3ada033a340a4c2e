"""The forest in LitServe: ``service.py PORT``."""

import os
import sys
from typing import Any

import litserve as ls
import numpy as np
import onnxruntime as ort

LABELS = ("malignant", "benign")


class Forest(ls.LitAPI):
    """One session in one worker."""

    def setup(self, device: str) -> None:
        self.session = ort.InferenceSession(os.environ["MODEL_PATH"], providers=["CPUExecutionProvider"])

    def decode_request(self, request: dict[str, Any]) -> Any:
        return np.array([list(instance.values()) for instance in request["instances"]], dtype=np.float32)

    def predict(self, rows: Any) -> Any:
        return self.session.run(None, {"features": rows})[0]

    def encode_response(self, scores: Any) -> dict[str, Any]:
        return {"predictions": [dict(zip(LABELS, row, strict=True)) for row in scores.tolist()]}


if __name__ == "__main__":
    server = ls.LitServer(Forest(), accelerator="cpu", workers_per_device=1)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False, log_level="warning")
