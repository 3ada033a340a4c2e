from __future__ import annotations

import msgspec
import pytest

from cli.packaging.draft import draft_of, features_of, next_version, outputs_of, prediction_of, seen_of
from cli.packaging.features import Column
from cli.packaging.manifest_text import Draft
from cli.packaging.missing import Policy
from cli.packaging.source import Layout
from serin.manifest import (
    Classification,
    Code,
    Dataset,
    Feature,
    Lineage,
    Manifest,
    MissingFill,
    Prediction,
    Regression,
    Serving,
    TensorInput,
    TensorOutput,
    Tensors,
    Tolerance,
)
from serin.protocol import Datatype, TensorMetadata
from tests.unit.cli.packaging.sources import HALVES, VALUE, manifest_of

ONE = Layout(inputs=(TensorInput(name="x", datatype=Datatype.FP32, shape=(-1, 2)),), columns={"x": ("age", "height")})
AGE = Column(name="age", type="int", lowest=18, highest=80, distinct=60, example=40)
CITY = Column(name="city", type="string", categories=("a", "b"), missing=2, distinct=2, example="a")
CITIES = Layout(
    inputs=(
        TensorInput(name="age", datatype=Datatype.FP32, shape=(-1, 1)),
        TensorInput(name="t", datatype=Datatype.BYTES, shape=(-1, 1)),
    ),
    columns={"age": ("age",), "t": ("city",)},
)
FILLED: dict[str, Policy] = {"age": "reject", "city": MissingFill(fill="other")}


def test_features_say_what_the_data_says() -> None:
    age, city = features_of([AGE, CITY], FILLED, CITIES, None)
    assert age == Feature(name="age", type="int", range=(0, 150), example=40)
    assert city == Feature(
        name="city",
        type="string",
        input="t",
        categories=("a", "b", "other"),
        missing=MissingFill(fill="other"),
        example="a",
    )


def test_what_a_person_has_said_of_a_feature_stays() -> None:
    said = Feature(
        name="age", type="int", unit="years", description="At the visit", range=(0, 120), missing="allow", example=33
    )
    (age,) = features_of([AGE], {"age": "reject"}, ONE, manifest_of(features=[said]))
    assert age == said


def test_a_persons_fill_is_a_category_and_an_example_that_is_none_any_more_is_replaced() -> None:
    said = Feature(
        name="city", type="string", categories=("a", "z", "none"), missing=MissingFill(fill="none"), example="z"
    )
    _, city = features_of([AGE, CITY], FILLED, CITIES, manifest_of(features=[said]))
    assert (city.categories, city.missing, city.example) == (("a", "b", "none"), MissingFill(fill="none"), "a")


def test_a_feature_of_another_type_is_a_new_one() -> None:
    said = Feature(name="age", type="string", unit="years", example="old")
    (age,) = features_of([AGE], {"age": "reject"}, ONE, manifest_of(features=[said]))
    assert (age.unit, age.example) == (None, 40)


def test_what_the_data_had_is_told() -> None:
    column = Column(name="x", type="float", lowest=0.123456789, highest=1e6, missing=3, distinct=9)
    assert seen_of([AGE, CITY, column]) == {
        "age": "seen: 18 to 80",
        "city": "seen: 2 different texts, missing in 2 rows",
        "x": "seen: 0.123457 to 1e+06, missing in 3 rows",
    }


def test_a_tolerance_is_the_one_that_is_given_or_a_persons_or_the_usual() -> None:
    outputs = [TensorMetadata(name=name, datatype=Datatype.FP32, shape=(-1, 1)) for name in ("y", "z")]
    person = manifest_of(tolerance=Tolerance(absolute=0.1, relative=0))
    given = Tolerance(absolute=0.2, relative=0)
    assert [o.tolerance.absolute for o in outputs_of(outputs, {}, None)] == [1e-5, 1e-5]
    assert [o.tolerance.absolute for o in outputs_of(outputs, {}, person)] == [0.1, 1e-5]
    assert [o.tolerance for o in outputs_of(outputs, {"y": given}, person)] == [given, Tolerance()]


FRESH = Classification(scores="p", labels=("no", "yes"))
THREE = Classification(scores="p", labels=("a", "b", "c"))


@pytest.mark.parametrize(
    ("fresh", "before", "splits", "due", "decided"),
    [
        (FRESH, None, True, HALVES, False),
        (FRESH, None, False, FRESH, False),
        (THREE, None, True, THREE, False),
        (FRESH, HALVES, True, HALVES, False),
        (
            FRESH,
            msgspec.structs.replace(HALVES, threshold=0.3),
            True,
            msgspec.structs.replace(HALVES, threshold=0.3),
            True,
        ),
        (THREE, HALVES, False, THREE, False),
        (VALUE, HALVES, False, VALUE, False),
        (
            VALUE,
            Regression(value="y", unit="m", clip=(0, 9)),
            False,
            Regression(value="y", unit="m", clip=(0, 9)),
            False,
        ),
        (VALUE, Regression(value="z", unit="m"), False, VALUE, False),
        (Tensors(), Tensors(), False, Tensors(), False),
    ],
)
def test_what_a_person_has_decided_of_a_prediction_stays_while_it_fits(
    fresh: Prediction, before: Prediction | None, splits: bool, due: Prediction, decided: bool
) -> None:
    old = None if before is None else manifest_of(before)
    assert prediction_of(fresh, old, splits_at_half=splits) == (due, decided)


@pytest.mark.parametrize(
    ("version", "other", "same", "due"),
    [
        (None, False, False, "1.0.0"),
        ("1.2.3", False, True, "1.2.3"),
        ("1.2.3", False, False, "1.3.0"),
        ("1.2.3", True, False, "2.0.0"),
        ("0.2.3", True, False, "0.3.0"),
        ("1.2.3-rc.1", False, False, "1.3.0"),
    ],
)
def test_the_next_version_says_whether_clients_can_stay(version: str | None, other: bool, same: bool, due: str) -> None:
    before = None if version is None else msgspec.structs.replace(manifest_of(), version=version)
    now = manifest_of()
    inputs = (TensorInput(name="x", datatype=Datatype.FP32, shape=(-1, 7)),) if other else now.inputs
    assert next_version(before, inputs, now.outputs, same_artifact=same) == due


def drafted(before: Manifest | None) -> Draft:
    lineage = Lineage(
        data=Dataset(source="d", sha256="0" * 64, rows=1), code=Code(path="m"), framework="f", licence=None
    )
    return draft_of(
        name="credit-risk",
        version="1.0.0",
        before=before,
        columns=[AGE],
        features=[],
        inputs=ONE.inputs,
        outputs=[TensorOutput(name="y", datatype=Datatype.FP32, shape=(-1, 1))],
        prediction=VALUE,
        operators=["com.microsoft.Tokenizer"],
        lineage=lineage,
    )


def test_a_draft_begins_with_the_name_and_keeps_what_people_set() -> None:
    fresh = drafted(None)
    assert (fresh.title, fresh.rest) == ("Credit risk", {})
    before = msgspec.structs.replace(
        manifest_of(), title="Risk", description="Who pays", serving=Serving(memory_mb=256)
    )
    kept = drafted(before)
    assert (kept.title, kept.description) == ("Risk", "Who pays")
    assert kept.rest == {"serving": {"memory_mb": 256}}
