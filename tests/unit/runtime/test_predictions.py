"""Outputs into labels, probabilities and values."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serin.errors import ModelRejectedInput, OutputNotFinite
from serin.manifest import Manifest
from serin.predictions import Predictor
from serin.protocol import Datatype
from serin.tensor import Tensor, pack
from tests.properties import tried
from tests.small_models.catalogue import FLOWER, PAIR, SCALAR, SHOP, identity


def tensor(values: list[Any], *shape: int, datatype: Datatype = Datatype.FP64) -> Tensor:
    return Tensor(datatype, shape or (len(values),), pack(datatype, values))


def classifier(scores: list[int] | None = None, **task: Any) -> Predictor:
    """A predictor of two labels; ``scores``: the output's shape."""
    document = FLOWER.document()
    document["prediction"] = {"task": "classification", "scores": "scores", "labels": ["no", "yes"], **task}
    document["outputs"][0]["shape"] = scores or [-1, 2]
    return Predictor(msgspec.convert(document, Manifest))


def probabilities(predictor: Predictor, values: list[float], *shape: int) -> list[dict[str, float]]:
    return [row["probabilities"] for row in predictor({"scores": tensor(values, *shape)})]


def test_the_label_of_the_highest_score_is_answered() -> None:
    predictions = classifier()({"scores": tensor([0.25, 0.75, 0.5, 0.5, 1.0, 0.0], 3, 2)})
    assert [row["label"] for row in predictions] == ["yes", "no", "no"]
    assert [row["probability"] for row in predictions] == [0.75, 0.5, 1.0]
    assert predictions[0]["probabilities"] == {"no": 0.25, "yes": 0.75}


@pytest.mark.parametrize(("score", "label"), [(0.3, "yes"), (0.29999, "no"), (1.0, "yes"), (0.0, "no")])
@pytest.mark.parametrize("shape", [(1,), (1, 1)])
def test_a_threshold_decides_from_itself_on(score: float, label: str, shape: tuple[int, ...]) -> None:
    predictor = classifier([-1, *shape[1:]], positive="yes", threshold=0.3)
    (prediction,) = predictor({"scores": tensor([score], *shape)})
    assert prediction["label"] == label
    assert prediction["probability"] == prediction["probabilities"][label]


def test_the_positive_label_may_be_the_first() -> None:
    predictor = classifier(positive="no", threshold=0.2)
    assert predictor({"scores": tensor([0.2, 0.8], 1, 2)})[0]["label"] == "no"
    assert predictor({"scores": tensor([0.1, 0.9], 1, 2)})[0]["label"] == "yes"


def test_one_score_is_that_of_the_second_label() -> None:
    assert probabilities(classifier([-1]), [0.25, 1.0]) == [{"no": 0.75, "yes": 0.25}, {"no": 0.0, "yes": 1.0}]


def test_a_softmax_makes_scores_probabilities() -> None:
    (row,) = probabilities(classifier(activation="softmax"), [1.0, 2.0], 1, 2)
    assert row["yes"] == pytest.approx(1 / (1 + math.exp(-1)), rel=1e-15)


@tried
@given(st.lists(st.floats(-1e308, 1e308), min_size=2, max_size=2))
def test_a_softmax_is_stable_for_any_scores(scores: list[float]) -> None:
    (row,) = probabilities(classifier(activation="softmax"), scores, 1, 2)
    assert sum(row.values()) == pytest.approx(1, abs=1e-15)
    assert all(0 <= value <= 1 for value in row.values())
    assert scores[0] <= scores[1] or row["no"] >= row["yes"]


@tried
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_sigmoid_is_stable_for_any_score(score: float) -> None:
    (row,) = probabilities(classifier([-1], activation="sigmoid"), [score])
    assert row["yes"] == pytest.approx(0.5 + 0.5 * math.tanh(score / 2), abs=1e-15)
    assert 0 <= row["yes"] <= 1


def regressor(**task: Any) -> Predictor:
    document = SHOP.document()
    document["prediction"].update(task)
    return Predictor(msgspec.convert(document, Manifest))


def test_a_value_is_held_within_its_bounds() -> None:
    outputs = {"spending": tensor([-1.0, 0.5, 2.0], 3, 1)}
    assert [row["value"] for row in regressor()(outputs)] == [-1.0, 0.5, 2.0]
    assert [row["value"] for row in regressor(clip=[0, 1])(outputs)] == [0, 0.5, 1]
    assert [row["value"] for row in regressor(clip=[None, 1])(outputs)] == [-1.0, 0.5, 1]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("clip", [None, [0, 1]])
def test_an_answer_that_is_not_finite_is_none(value: float, clip: list[float] | None) -> None:
    with pytest.raises(OutputNotFinite):
        regressor(clip=clip)({"spending": tensor([1.0, value], 2, 1)})
    with pytest.raises(OutputNotFinite):
        classifier(activation="softmax")({"scores": tensor([1.0, value], 1, 2)})
    with pytest.raises(OutputNotFinite):
        Predictor(identity(Datatype.FP64).manifest())({"y": tensor([1.0, value], 1, 2)})


def test_tensors_are_answered_row_by_row_under_their_names() -> None:
    outputs = {"sum": tensor([1, 2, 3, 4], 2, 2), "difference": tensor([5, 6, 7, 8], 2, 2)}
    assert Predictor(PAIR.manifest())(outputs) == [
        {"sum": [1, 2], "difference": [5, 6]},
        {"sum": [3, 4], "difference": [7, 8]},
    ]


def test_texts_are_answered_as_text() -> None:
    texts = tensor(["a", "☃", "", "b"], 2, 2, datatype=Datatype.BYTES)
    predictions = Predictor(identity(Datatype.BYTES).manifest())({"y": texts})
    assert predictions == [{"y": ["a", "☃"]}, {"y": ["", "b"]}]


def with_shapes(inputs: list[int], *outputs: list[int]) -> Predictor:
    """A predictor of a model with one input and outputs ``y0``, ``y1`` of these shapes."""
    document = SCALAR.document()
    document["inputs"][0]["shape"] = inputs
    document["outputs"] = [{"name": f"y{i}", "datatype": "FP32", "shape": shape} for i, shape in enumerate(outputs)]
    return Predictor(msgspec.convert(document, Manifest))


def test_an_output_without_rows_belongs_to_every_row() -> None:
    predictions = with_shapes([-1], [-1], [2])({"y0": tensor([1, 2, 3]), "y1": tensor([8, 9])})
    assert predictions == [{"y0": 1, "y1": [8, 9]}, {"y0": 2, "y1": [8, 9]}, {"y0": 3, "y1": [8, 9]}]


@pytest.mark.parametrize("inputs", [[], [3]])
def test_where_the_inputs_have_no_rows_there_is_one_prediction(inputs: list[int]) -> None:
    assert with_shapes(inputs, [-1])({"y0": tensor([1, 2, 3])}) == [{"y0": [1, 2, 3]}]


def test_outputs_that_differ_in_rows_are_no_predictions() -> None:
    with pytest.raises(ModelRejectedInput):
        with_shapes([-1], [-1], [-1])({"y0": tensor([1, 2]), "y1": tensor([1, 2, 3])})


def test_drift_watches_the_positive_probability_the_label_or_the_value() -> None:
    scores = {"scores": tensor([0.25, 0.75], 1, 2)}
    watched = classifier(positive="no", threshold=0.5)
    assert watched.binned(watched(scores)) == [0.25]
    assert classifier().binned(classifier()(scores)) == ["yes"]
    assert regressor().binned([{"value": 7.0}]) == [7.0]
    assert Predictor(PAIR.manifest()).binned([{"sum": [1]}]) is None


@pytest.mark.parametrize(("activation", "width"), [("none", 1), ("none", 2), ("softmax", 2), ("sigmoid", 1)])
@pytest.mark.parametrize("positive", ["no", "yes", None])
def test_what_is_watched_of_outputs_is_what_is_watched_of_their_predictions(
    activation: str, positive: str | None, width: int
) -> None:
    predictor = classifier([-1, width], activation=activation, **({"positive": positive} if positive else {}))
    outputs = {"scores": tensor([0.25, 0.75, 0.5, 0.5, 1.0, 0.0], 6 // width, width)}
    assert predictor.watched(outputs) == predictor.binned(predictor(outputs))


@pytest.mark.parametrize("clip", [None, [0, 1]])
def test_watched_values_are_held_within_their_bounds_too(clip: list[float] | None) -> None:
    predictor, outputs = regressor(clip=clip), {"spending": tensor([-1.0, 0.5, 2.0], 3, 1)}
    assert predictor.watched(outputs) == predictor.binned(predictor(outputs))


def test_nothing_is_watched_of_tensors() -> None:
    assert Predictor(PAIR.manifest()).watched({"sum": tensor([1])}) is None
