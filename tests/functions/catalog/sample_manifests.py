"""Small manifests that between them use everything the description of a model can hold."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from serin.manifest import Manifest
from serin.manifest_rules import contradictions


def manifest(**fields: Any) -> Manifest:
    """A manifest of ``fields``, as valid as one read from a file."""
    document = {"schema": "serin/model/v1", "version": "1.2.0"} | fields
    made = msgspec.convert(document, Manifest, strict=True)
    assert list(contradictions(made)) == []
    return made


IRIS: Final = manifest(
    name="iris",
    title="Which iris is it?",
    description="Names the species of an iris from two lengths. Not for other flowers.",
    features=[
        {
            "name": "petal length",
            "type": "float",
            "unit": "cm",
            "description": "Length of a petal",
            "range": [0.5, 10],
            "example": 4.7,
        },
        {"name": "sepal length", "type": "float", "unit": "cm", "range": [2, None], "missing": "allow"},
    ],
    inputs=[{"name": "X", "datatype": "FP32", "shape": [-1, 2]}],
    outputs=[{"name": "probabilities", "datatype": "FP32", "shape": [-1, 3]}],
    prediction={
        "task": "classification",
        "scores": "probabilities",
        "labels": ["setosa", "versicolor", "virginica"],
    },
    lineage={
        "data": {"source": "Fisher's iris data", "sha256": "0" * 64, "rows": 150},
        "code": {"path": "examples/iris/train.py"},
        "framework": "scikit-learn 1.9.1",
        "metrics": {"accuracy": 0.9667},
    },
)

LOAN: Final = manifest(
    name="loan",
    features=[
        {"name": "purpose", "type": "string", "categories": ["car", "home"], "missing": {"fill": "car"}},
        {"name": "employer", "type": "string"},
        {"name": "months", "type": "int", "range": [6.5, 120]},
        {"name": "owns home", "type": "bool", "missing": {"fill": True}},
        {"name": "dependants", "type": "int", "range": [None, 20]},
    ],
    inputs=[
        {"name": "purpose", "datatype": "BYTES", "shape": [-1, 1]},
        {"name": "employer", "datatype": "BYTES", "shape": [-1]},
        {"name": "months", "datatype": "INT64", "shape": [-1, 1]},
        {"name": "owns home", "datatype": "BOOL", "shape": [-1, 1]},
        {"name": "dependants", "datatype": "UINT8", "shape": [-1, 1]},
    ],
    outputs=[{"name": "score", "datatype": "FP64", "shape": [-1]}],
    prediction={
        "task": "classification",
        "scores": "score",
        "labels": ["refused", "granted"],
        "positive": "granted",
        "threshold": 0.7,
    },
    serving={"max_batch_rows": 50},
)

PRICE: Final = manifest(
    name="price",
    features=[{"name": "area", "type": "float", "unit": "m²", "range": [10, 1000], "example": 72}],
    inputs=[{"name": "area", "datatype": "FP64", "shape": [-1, 1]}],
    outputs=[{"name": "price", "datatype": "FP64", "shape": [-1, 1]}],
    prediction={
        "task": "regression",
        "value": "price",
        "unit": "EUR",
        "description": "Expected price",
        "clip": [0, None],
    },
)

IMAGE: Final = manifest(
    name="image",
    inputs=[
        {
            "name": "pixels",
            "datatype": "FP32",
            "shape": [-1, 1, 2, 2],
            "range": [0, 16],
            "unit": "grey level",
            "description": "A grey image",
            "example": [[[0, 16], [7.5, 1]]],
        }
    ],
    outputs=[{"name": "logits", "datatype": "FP32", "shape": [-1, 2]}],
    prediction={"task": "classification", "scores": "logits", "labels": ["0", "1"], "activation": "softmax"},
)

ODD: Final = manifest(
    name="odd",
    inputs=[
        {"name": "words", "datatype": "BYTES", "shape": [-1, -1]},
        {"name": "mask", "datatype": "BOOL", "shape": [-1, 2]},
        {"name": "bytes", "datatype": "UINT8", "shape": [-1, 3], "range": [1, None]},
        {"name": "offset", "datatype": "INT8", "shape": [], "range": [None, -3]},
        {"name": "count", "datatype": "UINT64", "shape": [2]},
    ],
    outputs=[
        {"name": "embedding", "datatype": "BF16", "shape": [-1, 4], "description": "One vector a row"},
        {"name": "found", "datatype": "INT64", "shape": [-1]},
    ],
    prediction={"task": "tensors"},
)

MANIFESTS: Final = (IRIS, LOAN, PRICE, IMAGE, ODD)
