from __future__ import annotations

from typing import Any

from cli.diff.answers import AnswerDifferences, compare_answers
from cli.diff.turns import Measured
from serin.manifest import Manifest
from tests.small_models.catalogue import FLOWER, PAIR, SHOP


def measured(*answers: dict[str, Any] | None) -> Measured:
    refusals = [None if answer else f"refused {i}" for i, answer in enumerate(answers, start=1)]
    return Measured(answers=list(answers), refusals=refusals, open_ms=1.0, row_ms=1.0, rows_timed=1)


def compared(a: Measured, b: Measured, manifest: Manifest | None = None) -> AnswerDifferences:
    return compare_answers(manifest or SHOP.manifest(), a, b)


def label(name: str, probability: float) -> dict[str, Any]:
    other = {"rose": "tulip", "tulip": "rose"}[name]
    return {"label": name, "probability": probability, "probabilities": {name: probability, other: 1 - probability}}


def test_answers_within_tolerance_are_alike_and_their_difference_is_told() -> None:
    found = compared(measured({"value": 1.0}, {"value": 2.0}), measured({"value": 1.0}, {"value": 2.00001}))
    assert found.alike
    assert (found.rows, found.beyond, found.first) == (2, 0, None)
    assert found.largest is not None
    assert 0 < found.largest < 1.1e-5


def test_answers_beyond_tolerance_are_counted_and_the_first_is_told() -> None:
    found = compared(measured({"value": 1.0}, {"value": 2.0}), measured({"value": 1.0}, {"value": 2.5}))
    assert not found.alike
    assert (found.beyond, found.largest) == (1, 0.5)
    assert found.first is not None
    assert found.first.startswith("row 2: prediction.value: 2.5 is not within ")


def test_labels_that_changed_are_counted_by_what_they_were_and_are() -> None:
    a = measured(label("rose", 0.9), label("rose", 0.6), label("rose", 0.6), label("tulip", 0.7))
    b = measured(label("rose", 0.9), label("tulip", 0.6), label("tulip", 0.6), label("rose", 0.7))
    found = compared(a, b, FLOWER.manifest())
    assert found.labels == {"rose to tulip": 2, "tulip to rose": 1}
    assert found.beyond == 3


def test_rows_that_only_b_refuses_are_refused_and_those_of_both_are_nobody_s() -> None:
    found = compared(measured(None, {"value": 1.0}, {"value": 2.0}), measured(None, None, {"value": 2.0}))
    assert (found.rows, found.refused, found.refusal, found.beyond) == (2, 1, "refused 2", 0)
    assert not found.alike


def test_answers_of_another_form_are_beyond_tolerance_and_have_no_difference() -> None:
    for other in ({"label": "rose"}, {"value": [1.0]}, {"value": {"x": 1.0}}):
        found = compared(measured({"value": 1.0}), measured(other))
        assert found.beyond == 1
        assert found.largest in {None, 0.0}
    tensors = compared(
        measured({"sum": [1.0, 2.0], "difference": [1.0, 2.0]}),
        measured({"sum": [1.0], "difference": [1.0, 2.0]}),
        PAIR.manifest(),
    )
    assert (tensors.beyond, tensors.largest) == (1, None)
