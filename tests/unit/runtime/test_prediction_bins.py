"""Answers counted into bins: from predictions and from outputs alike, few and many."""

from __future__ import annotations

import math
from typing import Any, Final

import msgspec
import pytest

from serin.baseline import NumericBins
from serin.manifest import Manifest
from serin.manifest_rules import contradictions
from serin.prediction_bins import PredictionBins
from serin.predictions import Predictor
from serin.protocol import Datatype
from serin.tensor import Tensor, pack
from tests.small_models.catalogue import FLOWER, PAIR, SHOP

BINS: Final = NumericBins(edges=(0.2, 0.5, 0.8), counts=())
ROWS: Final = [1, 2, 99, 100, 3000]
FLOATS: Final = [datatype for datatype in Datatype if datatype.is_float]


def regression(shape: list[int], datatype: Datatype, **task: Any) -> Manifest:
    document = SHOP.document()
    document["outputs"][0] |= {"shape": shape, "datatype": str(datatype)}
    document["prediction"] |= task
    return manifest(document)


def classification(shape: list[int], datatype: Datatype, positive: str, activation: str = "none") -> Manifest:
    document = FLOWER.document()
    document["outputs"][0] |= {"shape": shape, "datatype": str(datatype)}
    document["prediction"] |= {"positive": positive, "activation": activation}
    return manifest(document)


def manifest(document: dict[str, Any]) -> Manifest:
    read = msgspec.convert(document, Manifest)
    assert not list(contradictions(read))
    return read


def check(model: Manifest, datatype: Datatype, rows: int) -> None:
    """Outputs are counted as their predictions are, and not at all where one is not finite."""
    predictor = Predictor(model)
    bins = PredictionBins(model, predictor, BINS)
    (name,) = predictor.outputs
    shape = next(output.shape for output in model.outputs if output.name == name)
    values = [(i * 7 % 11) / 10 for i in range(rows * (shape[1] if len(shape) == 2 else 1))]

    def outputs() -> dict[str, Tensor]:
        return {name: Tensor(datatype, (rows, *shape[1:]), pack(datatype, values))}

    counted = bins.of_outputs(outputs())
    assert counted == bins.of_predictions(predictor(outputs()))
    assert sum(counted.values()) == rows
    for value in (math.nan, math.inf, -math.inf):
        values[len(values) // 2] = value
        assert bins.of_outputs(outputs()) == {}


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("datatype", FLOATS)
@pytest.mark.parametrize("shape", [[-1], [-1, 1]])
@pytest.mark.parametrize("clip", [None, [0.3, 0.6]])
def test_values_are_counted(rows: int, datatype: Datatype, shape: list[int], clip: list[float] | None) -> None:
    check(regression(shape, datatype, clip=clip), datatype, rows)


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("shape", [[-1], [-1, 1], [-1, 2]])
@pytest.mark.parametrize("positive", ["rose", "tulip"])
@pytest.mark.parametrize("activation", ["none", "sigmoid"])
def test_the_positive_label_s_probabilities_are_counted(
    rows: int, shape: list[int], positive: str, activation: str
) -> None:
    check(classification(shape, Datatype.FP32, positive, activation), Datatype.FP32, rows)


def test_tensors_are_not_counted() -> None:
    model = PAIR.manifest()
    bins = PredictionBins(model, Predictor(model), BINS)
    outputs = {name: Tensor(Datatype.FP32, (1, 2), bytes(8)) for name in ("sum", "difference")}
    assert bins.of_outputs(outputs) == bins.of_predictions(Predictor(model)(outputs)) == {}
    assert bins.of_outputs({}) == {}
