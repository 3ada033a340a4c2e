from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest
from onnx import TensorProto, helper

from cli.packaging.evidence import NoParity, compare_rows, golden_cases, splits_at_half
from cli.packaging.onnx_session import OnnxSession
from cli.packaging.rows import DataFile, Rows
from cli.packaging.source import Answers, SourceRefused
from cli.packaging.subject import HeldOut, Subject, held_out, subject_of
from serin.manifest import Classification, Feature
from tests.unit.cli.packaging.sources import HALVES, VALUE, Arithmetic, graph_of, halves, manifest_of

DATA = DataFile(name="d.csv", sha256="0" * 64, rows=Rows(table=pd.DataFrame({"x": np.arange(20) + 0.5})))
MANIFEST = manifest_of(VALUE, features=[Feature(name="x", type="float", range=(0, 15))])


def looked_at(source: Arithmetic) -> tuple[Subject, HeldOut]:
    subject = subject_of(source, DATA, ())
    return subject, held_out(subject, DATA.rows)


def session_of(plus: float) -> OnnxSession:
    """A model that answers ``x + plus``."""
    constant = helper.make_tensor("plus", TensorProto.FLOAT, [1], [plus])
    model = graph_of([helper.make_node("Add", ["x", "plus"], ["y"])], ["x"], ["y"], [constant])
    return OnnxSession(model.SerializeToString())


def test_a_model_that_answers_alike_has_parity_on_rows_and_edge_rows() -> None:
    _, heldout = looked_at(Arithmetic())
    parity = compare_rows(session_of(0), heldout, MANIFEST).parity
    assert parity.rows == 20
    assert parity.edge_rows == len(heldout.edges) == 5
    assert parity.outputs["y"].absolute_max == 0


def test_one_that_does_not_is_refused_with_its_worst_rows_by_their_number_in_the_file() -> None:
    _, heldout = looked_at(Arithmetic(function=lambda cells: cells[0] + (cells[0] == 7.5)))
    with pytest.raises(NoParity) as refusal:
        compare_rows(session_of(0), heldout, MANIFEST)
    assert refusal.value.lines[0].startswith("row 8: y: 7.5 where the source says 8.5, ")
    assert refusal.value.message.startswith("refused: 1 of 25 rows are answered otherwise than by the source model; ")
    assert refusal.value.message.endswith("(outputs: y)")


def test_edge_rows_have_numbers_of_their_own() -> None:
    _, heldout = looked_at(Arithmetic())
    with pytest.raises(NoParity) as refusal:
        compare_rows(session_of(1), one_more(heldout), MANIFEST)
    assert all(line.startswith("edge row ") for line in refusal.value.lines)


def one_more(heldout: HeldOut) -> HeldOut:
    """With answers to the rows of the data that are one more, as the model's are."""
    return replace(heldout, answers=Answers(outputs={"y": heldout.answers.outputs["y"] + 1}))


def test_golden_cases_are_rows_that_the_manifest_lets_in_with_the_sources_answers() -> None:
    subject, heldout = looked_at(Arithmetic())
    cases = [json.loads(line) for line in golden_cases(subject, heldout, MANIFEST).splitlines()]
    assert cases
    assert all(case["instance"]["x"] <= 15 for case in cases)
    assert all(case["prediction"] == {"value": case["instance"]["x"]} for case in cases)


@pytest.mark.parametrize(
    ("labels", "prediction", "due"),
    [
        (["yes", "no"], HALVES, True),
        (["no", "no"], HALVES, False),
        (None, HALVES, False),
        (["yes", "no"], VALUE, False),
    ],
)
def test_whether_the_source_parts_its_labels_at_one_half(labels: Any, prediction: Any, due: bool) -> None:
    answers = Answers(outputs={"p": halves(0.5, 0.4)}, labels=None if labels is None else np.array(labels))
    fresh = prediction
    if isinstance(prediction, Classification):
        fresh = msgspec.structs.replace(prediction, positive=None, threshold=None)
    assert splits_at_half(answers, fresh) is due


def test_a_model_that_fails_where_the_source_answers_is_refused() -> None:
    _, heldout = looked_at(Arithmetic())
    wide = graph_of([helper.make_node("Identity", ["x"], ["y"])], ["x"], ["y"], width=3)
    with pytest.raises(SourceRefused, match="fails on rows that the source model answers"):
        compare_rows(OnnxSession(wide.SerializeToString()), heldout, MANIFEST)
