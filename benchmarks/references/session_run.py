"""ONNX Runtime's own Python binding and nothing around it: what no handler can go below."""

import os

import numpy as np
import onnxruntime as ort

_options = ort.SessionOptions()
_options.intra_op_num_threads = 1
_session = ort.InferenceSession(os.environ["MODEL_PATH"], _options, providers=["CPUExecutionProvider"])
_rows = np.frombuffer(open(os.environ["ROWS_PATH"], "rb").read(), np.float32).reshape(-1, 30)  # noqa: PTH123, SIM115
_feeds = {"features": _rows}


def lambda_handler(event, context):
    """Run the model on the same rows, whatever the event."""
    _session.run(None, _feeds)
