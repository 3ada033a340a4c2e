"""The least that people write by hand: JSON, numpy, ONNX Runtime. No validation, no log line, no metrics."""

import json
import os

import numpy as np
import onnxruntime as ort

LABELS = ("malignant", "benign")
FEATURES = (
    "mean_radius",
    "mean_texture",
    "mean_perimeter",
    "mean_area",
    "mean_smoothness",
    "mean_compactness",
    "mean_concavity",
    "mean_concave_points",
    "mean_symmetry",
    "mean_fractal_dimension",
    "radius_error",
    "texture_error",
    "perimeter_error",
    "area_error",
    "smoothness_error",
    "compactness_error",
    "concavity_error",
    "concave_points_error",
    "symmetry_error",
    "fractal_dimension_error",
    "worst_radius",
    "worst_texture",
    "worst_perimeter",
    "worst_area",
    "worst_smoothness",
    "worst_compactness",
    "worst_concavity",
    "worst_concave_points",
    "worst_symmetry",
    "worst_fractal_dimension",
)

session = ort.InferenceSession(os.environ["MODEL_PATH"], providers=["CPUExecutionProvider"])


def lambda_handler(event, context):
    """One prediction a row."""
    instances = json.loads(event["body"])["instances"]
    rows = np.array([[instance[name] for name in FEATURES] for instance in instances], dtype=np.float32)
    (scores,) = session.run(None, {"features": rows})
    predictions = []
    for row in scores.tolist():
        probability = max(row)
        predictions.append(
            {
                "label": LABELS[row.index(probability)],
                "probability": probability,
                "probabilities": dict(zip(LABELS, row, strict=True)),
            }
        )
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps({"predictions": predictions}),
    }
