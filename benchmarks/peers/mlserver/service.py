"""The forest in MLServer: ``service.py PORT``."""

import os
import sys

import numpy as np
import onnxruntime as ort
from mlserver import MLModel
from mlserver.cli import main
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse


class Forest(MLModel):
    """One session."""

    async def load(self) -> bool:
        self.session = ort.InferenceSession(os.environ["MODEL_PATH"], providers=["CPUExecutionProvider"])
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        rows = NumpyCodec.decode_input(payload.inputs[0]).astype(np.float32)
        (scores,) = self.session.run(None, {"features": rows})
        outputs = [NumpyCodec.encode_output("probabilities", scores)]
        return InferenceResponse(model_name=self.name, outputs=outputs)


if __name__ == "__main__":
    # Its worker processes do not start on the event loop that its own requirements bring; a light model needs none.
    os.environ["MLSERVER_PARALLEL_WORKERS"] = "0"
    os.environ["MLSERVER_HTTP_PORT"] = sys.argv.pop()
    sys.argv[1:] = ["start", "."]
    main()
