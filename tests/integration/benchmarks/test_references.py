"""Serin's function as its image holds it and the references: the same event, the same prediction."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.events import INPUT, MODEL, binary_event, golden_instances, json_event, predict_event
from benchmarks.parts.batch import ROWS, many_rows
from benchmarks.processes import calls, first_answer
from benchmarks.subjects import MODELS, Workshop, varied_rows, workshop

INSTANCES = golden_instances(MODELS)[:3]


@pytest.fixture(scope="module")
def shop() -> Iterator[Workshop]:
    with workshop() as opened:
        yield opened


def predictions(answer: Any) -> list[Any]:
    assert answer["statusCode"] == 200
    found: list[Any] = json.loads(answer["body"])["predictions"]
    return found


def test_all_give_the_same_predictions_and_say_what_they_promise(shop: Workshop) -> None:
    event = predict_event(INSTANCES)
    serin, bare, usual = (
        first_answer(each, event) for each in (shop.serin(), shop.reference("bare"), shop.reference("usual"))
    )
    due = predictions(bare.answer)
    assert len(due) == len(INSTANCES)
    for answered in (serin, usual):
        for given, wanted in zip(predictions(answered.answer), due, strict=True):
            assert given["label"] == wanted["label"]
            assert given["probabilities"] == pytest.approx(wanted["probabilities"], abs=1e-5)
    assert bare.log == b""
    for answered in (serin, usual):
        assert b'"_aws":' in answered.log, "metrics, in CloudWatch's embedded format"
        assert b'"level":"INFO"' in answered.log


def test_serin_starts_as_its_image_does_from_the_bundle_of_its_modules(shop: Workshop) -> None:
    serin = shop.serin()
    assert serin.prelude == "functions.inference.start"
    for bytecode in (serin.directory / "serin").rglob("*.pyc"):
        bytecode.unlink()
    (serin.directory / "serin/rest.py").write_text("raise SystemExit('not from the bundle')")
    assert predictions(first_answer(serin, predict_event(INSTANCES)).answer)


def test_many_rows_are_answered_binary_and_as_json_and_are_all_different(shop: Workshop) -> None:
    values = varied_rows(ROWS)
    assert len({tuple(values[i : i + 30]) for i in range(0, len(values), 30)}) > ROWS * 0.9
    serin = shop.serin(many_rows(shop.place))
    for event in (
        binary_event(MODEL, INPUT, (ROWS, 30), array("f", values)),
        json_event(MODEL, INPUT, (ROWS, 30), values),
    ):
        assert calls(serin, event, 1).answer["statusCode"] == 200
