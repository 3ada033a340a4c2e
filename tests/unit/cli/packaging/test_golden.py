from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from cli.packaging.features import columns_of
from cli.packaging.golden import golden_places, golden_text, instances, predictions
from cli.packaging.rows import Rows
from cli.packaging.source import Answers
from serin.manifest import Classification, Prediction, Tensors
from tests.unit.cli.packaging.sources import HALVES, VALUE, halves, manifest_of, people


def test_cases_are_of_every_class_and_of_low_and_high_answers() -> None:
    labels = np.array(["yes"] * 999 + ["no"])
    places = golden_places(
        Answers(outputs={"p": halves(*np.linspace(0, 1, 1000))}, labels=labels), manifest_of(HALVES), 4
    )
    assert {labels[place] for place in places} == {"yes", "no"}
    assert {0, 999} <= set(places)
    assert len(places) <= 24
    values = Answers(outputs={"y": np.arange(1000.0)[::-1, None]})
    assert len(golden_places(values, manifest_of(VALUE), 4)) == 24


def test_large_tensors_have_fewer_cases() -> None:
    answers = Answers(outputs={"y": np.arange(1000.0)[:, None]})
    assert len(golden_places(answers, manifest_of(VALUE), 10_000)) == 10
    assert len(golden_places(answers, manifest_of(VALUE), 10**7)) == 2


def test_instances_are_json_of_the_columns_types_with_null_for_what_is_missing() -> None:
    table = people().head(2)
    first, second = instances(Rows(table=table), columns_of(people(), None, None, "data.csv"))
    assert json.loads(json.dumps(first)) == {"age": 20, "height": None, "city": "Århus", "member": True}
    assert {name: type(value) for name, value in second.items()} == {
        "age": int,
        "height": float,
        "city": str,
        "member": bool,
    }


def test_whole_numbers_that_were_read_as_floats_are_whole_again() -> None:
    columns = columns_of(people()[["age"]], None, None, "data.csv")
    (instance,) = instances(Rows(table=people()[["age"]].head(1).astype(float)), columns)
    assert instance == {"age": 20}
    assert type(instance["age"]) is int


def test_tensors_are_nested_lists() -> None:
    rows = Rows(tensors={"x": np.arange(8, dtype="float32").reshape(2, 2, 2), "t": np.array(["a", "ö"], dtype=object)})
    assert list(instances(rows, ())) == [
        {"x": [[0.0, 1.0], [2.0, 3.0]], "t": "a"},
        {"x": [[4.0, 5.0], [6.0, 7.0]], "t": "ö"},
    ]


@pytest.mark.parametrize(
    ("prediction", "outputs", "due"),
    [
        (VALUE, {"y": np.array([[1 / 3]])}, {"value": 0.3333333333}),
        (HALVES, {"p": halves(0.25)}, {"label": "no", "probability": 0.75, "probabilities": {"no": 0.75, "yes": 0.25}}),
        (
            Classification(scores="p", labels=("no", "yes"), activation="sigmoid"),
            {"p": np.array([[0.0]])},
            {"label": "no", "probability": 0.5, "probabilities": {"no": 0.5, "yes": 0.5}},
        ),
    ],
)
def test_predictions_are_in_the_words_of_the_predict_route(
    prediction: Prediction, outputs: dict[str, Any], due: dict[str, Any]
) -> None:
    assert predictions(Answers(outputs=outputs), manifest_of(prediction)) == [due]


def test_tensors_of_every_kind_are_predicted_as_they_are() -> None:
    manifest = manifest_of(Tensors())
    assert predictions(Answers(outputs={"y": np.array([[3], [4]])}), manifest) == [{"y": [3]}, {"y": [4]}]
    assert predictions(Answers(outputs={"y": np.array([["ö"]], dtype=object)}), manifest) == [{"y": ["ö"]}]
    assert predictions(Answers(outputs={"y": np.array([[True]])}), manifest) == [{"y": [True]}]


def test_the_sources_own_label_is_due() -> None:
    (made,) = predictions(Answers(outputs={"p": halves(0.5)}, labels=np.array(["no"])), manifest_of(HALVES))
    assert (made["label"], made["probability"]) == ("no", 0.5)


def test_a_case_is_a_line_of_json_in_plain_letters() -> None:
    text = golden_text([({"a": "ö"}, {"value": 1.5}), ({"a": None}, {"value": 2})])
    assert text.splitlines()[0] == '{"instance": {"a": "ö"}, "prediction": {"value": 1.5}}'
    assert len(text.splitlines()) == 2
    with pytest.raises(ValueError, match="not JSON compliant"):
        golden_text([({"a": float("nan")}, {"value": 1})])
