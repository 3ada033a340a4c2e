from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cli.diff.contract import broken_for_clients
from serin.manifest import Manifest
from tests.small_models.catalogue import FLOWER, PAIR, SHOP
from tests.small_models.faults import Change, drop, put
from tests.small_models.folder import SmallModel


def changed(model: SmallModel, *changes: Change) -> Manifest:
    document = model.document()
    for change in changes:
        change(document)
    return msgspec.convert(document, Manifest)


def broken(model: SmallModel, *changes: Change) -> list[str]:
    return list(broken_for_clients(model.manifest(), changed(model, *changes)))


def add(path: str, value: Any) -> Change:
    return lambda document: document[path].append(value)


@pytest.mark.parametrize("model", [FLOWER, SHOP, PAIR], ids=lambda model: model.name)
def test_a_model_keeps_its_own_promises(model: SmallModel) -> None:
    assert broken(model) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (drop("features.2"), "feature member is gone"),
        (add("features", {"name": "height", "type": "float"}), "feature height is new, and must be given"),
        (put("features.1.type", "float"), None),
        (put("features.3.type", "int"), "feature age: int instead of float"),
        (put("features.1.range", [0, 100]), "feature visits: its range is narrower"),
        (put("features.1.range", [-5, None]), None),
        (put("features.3.range", [0, None]), "feature age: its range is narrower"),
        (put("features.0.categories", ["Rome", "Bern"]), "feature city: does not take Oslo"),
        (put("features.0.categories", ["Rome", "Oslo", "Bern"]), None),
        (drop("features.0.categories"), None),
        (put("features.3.missing", "reject"), "feature age: must be given"),
        (put("features.3.missing", {"fill": 1.0}), None),
        (put("features.3.unit", "months"), "feature age: its unit is months instead of not said"),
        (put("prediction.unit", "CHF"), "the prediction's unit is CHF instead of EUR"),
        (put("prediction", {"task": "tensors"}), "the prediction is of another kind"),
        (put("serving", {"max_batch_rows": 10}), "requests of more than 10 rows are refused"),
        (put("serving", {"max_batch_rows": 10_000}), None),
        (put("title", "another"), None),
    ],
)
def test_a_change_of_features_is_broken_where_a_request_is_refused_or_means_something_else(
    change: Change, problem: str | None
) -> None:
    assert broken(SHOP, change) == ([] if problem is None else [problem])


def test_a_new_feature_that_need_not_be_given_breaks_nothing() -> None:
    assert broken(SHOP, add("features", {"name": "height", "type": "float", "missing": "allow"})) == []


def test_a_text_that_was_free_breaks_when_it_is_no_longer() -> None:
    before = changed(SHOP, drop("features.0.categories"))
    assert list(broken_for_clients(before, SHOP.manifest())) == ["feature city: takes only some texts"]


def test_labels_are_part_of_what_is_promised() -> None:
    problem = "the labels are tulip, rose instead of rose, tulip"
    assert broken(FLOWER, put("prediction.labels", ["tulip", "rose"])) == [problem]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (drop("inputs.1"), "input b is gone"),
        (put("inputs.1.name", "c"), "input b is gone, input c is new"),
        (drop("outputs.0"), "output sum is gone"),
        (add("outputs", {"name": "more", "datatype": "FP32", "shape": [-1]}), None),
        (put("inputs.0.datatype", "FP64"), "input a: FP64 instead of FP32"),
        (put("inputs.0.shape", [-1, 3]), "input a: shape [-1, 3] instead of [-1, 2]"),
        (put("inputs.0.shape", [-1, -1]), None),
        (put("inputs.0.shape", [1, 2]), "input a: shape [1, 2] instead of [-1, 2]"),
        (put("outputs.0.shape", [-1, -1]), "output sum: shape [-1, -1] instead of [-1, 2]"),
        (put("outputs.0.shape", [1, 2]), None),
        (put("outputs.0.shape", [2]), "output sum: shape [2] instead of [-1, 2]"),
        (put("inputs.0.range", [0, 1]), "input a: its range is narrower"),
    ],
)
def test_tensors_are_broken_where_a_client_would_be_refused_or_misread(change: Change, problem: str | None) -> None:
    assert ", ".join(broken(PAIR, change)) == (problem or "")


def test_a_tensor_that_took_nan_must_go_on_taking_it() -> None:
    before = changed(PAIR, put("inputs.0.non_finite", "allow"))
    assert list(broken_for_clients(before, PAIR.manifest())) == ["input a: NaN and infinities are refused"]


def test_rows_of_tensors_are_no_rows_of_features() -> None:
    assert "rows hold tensors instead of features" in list(broken_for_clients(SHOP.manifest(), PAIR.manifest()))
    assert "rows hold features instead of tensors" in list(broken_for_clients(PAIR.manifest(), SHOP.manifest()))
