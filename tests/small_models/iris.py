"""A small perceptron of scikit-learn's on the iris flowers: named features, products of matrices, labelled rows."""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from examples.packaging import only_output
from serin.engine import EngineOptions, Session
from serin.predictions import Predictor
from serin.protocol import Datatype
from serin.rows import RowDecoder
from tests.small_models.folder import SmallModel
from tests.small_models.graphs import tensor

FEATURES: Final = ("sepal length", "sepal width", "petal length", "petal width")
LABELS: Final = ("setosa", "versicolor", "virginica")


@cache
def flowers() -> pd.DataFrame:
    """150 rows: a column a feature, and `species`."""
    from sklearn.datasets import load_iris

    loaded = load_iris()
    table = pd.DataFrame(loaded.data, columns=list(FEATURES))
    return table.assign(species=np.array(LABELS)[loaded.target])


@cache
def perceptron() -> SmallModel:
    """Scaled features, 16 hidden units, three probabilities."""
    fields: dict[str, Any] = {
        "features": [{"name": name, "type": "float"} for name in FEATURES],
        "prediction": {"task": "classification", "scores": "probabilities", "labels": list(LABELS)},
    }
    model = SmallModel(
        name="iris",
        artifact=_trained(),
        inputs=(tensor("features", Datatype.FP32, -1, 4),),
        outputs=(tensor("probabilities", Datatype.FP32, -1, 3),),
        fields=fields,
    )
    return SmallModel(**{**vars(model), "golden": _golden(model)})


def write_flowers(file: Path) -> Path:
    """All rows as .csv."""
    flowers().to_csv(file, index=False)
    return file


def _trained() -> bytes:
    from skl2onnx import to_onnx
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    table = flowers()
    pipeline = make_pipeline(
        StandardScaler(), MLPClassifier((16,), solver="lbfgs", alpha=0.1, max_iter=2000, random_state=0)
    )
    pipeline.fit(table[list(FEATURES)].to_numpy(np.float32), table["species"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the converter, about itself
        made = to_onnx(
            pipeline,
            np.zeros((1, 4), np.float32),
            options={"zipmap": False},
            target_opset={"": 21, "ai.onnx.ml": 3},
        )
    made.graph.input[0].name = "features"
    for node in made.graph.node:
        node.input[:] = ["features" if name == "X" else name for name in node.input]
    artifact: bytes = only_output(made, "probabilities", "iris").SerializeToString()
    return artifact


def _golden(model: SmallModel) -> tuple[tuple[dict[str, Any], dict[str, Any]], ...]:
    import msgspec

    rows = [dict(row) for row in flowers()[list(FEATURES)].iloc[::15].to_dict("records")]
    session = Session.load(model.artifact, EngineOptions())
    inputs = RowDecoder(model.manifest()).decode(msgspec.json.encode({"instances": rows}))
    answers = Predictor(model.manifest())(session.run(inputs, ["probabilities"], float("inf")))
    return tuple((row, dict(answer)) for row, answer in zip(rows, answers, strict=True))
