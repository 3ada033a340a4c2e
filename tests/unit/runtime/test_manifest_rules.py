"""What the sections of a tensor model's manifest must agree on."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from serin.manifest import Manifest
from serin.manifest_rules import contradictions
from serin.protocol import Datatype
from tests.small_models.catalogue import ALL, FLOWER, identity
from tests.small_models.folder import SmallModel


def problems(document: dict[str, Any]) -> list[tuple[str, str]]:
    return list(contradictions(msgspec.convert(document, Manifest)))


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.name)
def test_a_good_manifest_contradicts_itself_nowhere(model: SmallModel) -> None:
    assert problems(model.document()) == []


@pytest.mark.parametrize(
    ("datatype", "example"),
    [
        (Datatype.FP32, [[1, 2], [0.5, 1e38]]),
        (Datatype.INT8, [[-128, 127], [0, 1]]),
        (Datatype.BOOL, [[True, False], [True, True]]),
        (Datatype.BYTES, [["a", ""], ["b", "☃"]]),
    ],
)
def test_an_example_that_is_one_row_is_taken(datatype: Datatype, example: Any) -> None:
    assert problems(identity(datatype, rank=3, example=example).document()) == []


@pytest.mark.parametrize(
    ("datatype", "example", "problem"),
    [
        (Datatype.FP32, [1.0, 2.0], "is not one row of FP32, nested as the shape says"),
        (Datatype.FP32, [[[1.0]]], "is not one row of FP32, nested as the shape says"),
        (Datatype.FP32, [[1.0, 2.0], [3.0]], "is not one row of FP32, nested as the shape says"),
        (Datatype.FP32, [["1", "2"]], "is not one row of FP32, nested as the shape says"),
        (Datatype.INT8, [[1.5]], "is not one row of INT8, nested as the shape says"),
        (Datatype.BOOL, [[1]], "is not one row of BOOL, nested as the shape says"),
        (Datatype.INT8, [[128]], "does not fit INT8"),
        (Datatype.FP16, [[65505.0]], "does not fit FP16"),
        (Datatype.UINT8, [[-1]], "does not fit UINT8"),
    ],
)
def test_an_example_that_is_no_row_is_found(datatype: Datatype, example: Any, problem: str) -> None:
    assert problems(identity(datatype, rank=3, example=example).document()) == [("inputs[0].example", problem)]


def test_an_example_has_the_shapes_fixed_axes_and_the_range() -> None:
    document = identity(Datatype.FP32, rank=3, example=[[1.0, 2.0]], range=[0, 1]).document()
    document["inputs"][0]["shape"] = [-1, -1, 3]
    assert problems(document) == [
        ("inputs[0].example", "is not one row of shape [-1, 3]"),
        ("inputs[0].example", "is outside the range"),
    ]


@pytest.mark.parametrize("datatype", [Datatype.BOOL, Datatype.BYTES])
def test_only_numbers_have_a_range(datatype: Datatype) -> None:
    assert problems(identity(datatype, range=[0, 1]).document()) == [
        ("inputs[0].range", f"a {datatype} tensor has no range")
    ]


@pytest.mark.parametrize("shape", [[-1], [-1, 1]])
def test_a_softmax_over_one_score_is_found_and_a_sigmoid_is_not(shape: list[int]) -> None:
    document = FLOWER.document()
    document["outputs"][0]["shape"] = shape
    assert problems(document) == [
        ("prediction.activation", "softmax needs one score a label; use sigmoid for a single score")
    ]
    document["prediction"]["activation"] = "sigmoid"
    assert problems(document) == []


@pytest.mark.parametrize(("datatype", "is_wrong"), [("FP16", False), ("BF16", False), ("INT64", True), ("BYTES", True)])
def test_scores_are_floating_numbers(datatype: str, is_wrong: bool) -> None:
    document = FLOWER.document()
    document["outputs"][0]["datatype"] = datatype
    due = [("prediction.scores", f"output 'scores' must be a floating tensor, is {datatype}")]
    assert problems(document) == due * is_wrong


def test_a_threshold_needs_two_labels() -> None:
    document = FLOWER.document()
    document["prediction"]["labels"].append("oak")
    document["outputs"][0]["shape"] = [-1, 3]
    assert problems(document) == [("prediction.threshold", "needs exactly two labels")]


def test_every_contradiction_is_told_in_the_files_order() -> None:
    document = FLOWER.document()
    document["features"][0]["range"] = [1, 0]
    document["features"][1]["example"] = "a"
    document["prediction"]["positive"] = "oak"
    assert [field for field, _ in problems(document)] == [
        "features[0].range",
        "features[1].example",
        "prediction.positive",
    ]
