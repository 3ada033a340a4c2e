"""Models in ONNX Runtime's own format."""

from __future__ import annotations

from pathlib import Path

import onnxruntime as ort


def converted(artifact: bytes, folder: Path, *, optimised: bool = False) -> bytes:
    """The same model in ONNX Runtime's own format."""
    options = ort.SessionOptions()
    options.log_severity_level = 4
    if not optimised:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.optimized_model_filepath = str(folder / "model.ort")
    options.add_session_config_entry("session.save_model_format", "ORT")
    ort.InferenceSession(artifact, options, providers=["CPUExecutionProvider"])
    return (folder / "model.ort").read_bytes()
