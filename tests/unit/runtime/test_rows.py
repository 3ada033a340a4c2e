"""Named rows into tensors."""

from __future__ import annotations

import json
import math
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serin.errors import InvalidInput, MalformedRequest, PayloadTooLarge
from serin.manifest import Manifest
from serin.protocol import Datatype
from serin.rows import RowDecoder
from serin.tensor import Tensor, unpack
from tests.properties import tried
from tests.small_models.catalogue import FLOWER, GATHER, PAIR, SCALAR, SHOP, identity
from tests.small_models.folder import SmallModel

ROW: Final = {"city": "Oslo", "visits": 3, "member": True, "age": 20.5}


def decode(model: SmallModel, *rows: Any) -> dict[str, Tensor]:
    return RowDecoder(model.manifest()).decode(json.dumps({"instances": rows}).encode())


def refusal(model: SmallModel, *rows: Any) -> str:
    with pytest.raises(InvalidInput) as caught:
        decode(model, *rows)
    return caught.value.message


def test_features_of_one_input_stand_side_by_side() -> None:
    (x,) = decode(FLOWER, {"petal length": 1, "sepal length": 2.5}, {"sepal length": 4, "petal length": 3}).values()
    assert (x.datatype, x.shape, unpack(x)) == (Datatype.FP32, (2, 2), [1, 2.5, 3, 4])


def test_features_of_several_inputs_are_a_tensor_each() -> None:
    tensors = decode(SHOP, ROW, ROW | {"city": "Rome", "visits": -1, "member": False, "age": 7})
    found = {name: (tensor.shape, unpack(tensor)) for name, tensor in tensors.items()}
    assert found == {
        "city": ((2, 1), [b"Oslo", b"Rome"]),
        "visits": ((2, 1), [3, -1]),
        "member": ((2, 1), [True, False]),
        "age": ((2, 1), [20.5, 7.0]),
    }


@pytest.mark.parametrize("absent", [{"city": None, "age": None}, {}])
def test_what_is_missing_is_filled_or_a_nan_whether_null_or_absent(absent: dict[str, None]) -> None:
    tensors = decode(SHOP, {"visits": 3, "member": True} | absent)
    assert unpack(tensors["city"]) == [b"Rome"]
    assert math.isnan(unpack(tensors["age"])[0])


ROW_FAULTS: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "a number as text": (ROW | {"visits": "3"}, "expected `int`, got `str` at $.instances[0].visits"),
    "a flag as a number": (ROW | {"visits": True}, "expected `int`, got `bool` at $.instances[0].visits"),
    "a number as a flag": (ROW | {"member": 1}, "expected `bool`, got `int` at $.instances[0].member"),
    "a fraction as an integer": (ROW | {"visits": 1.5}, "expected `int`, got `float` at $.instances[0].visits"),
    "a whole float as an integer": (ROW | {"visits": 1.0}, "expected `int`, got `float` at $.instances[0].visits"),
    "null where none is allowed": (ROW | {"member": None}, "expected `bool`, got `null` at $.instances[0].member"),
    "a list as a text": (ROW | {"city": ["Oslo"]}, "expected `str | null`, got `array` at $.instances[0].city"),
    "a misspelt key": (ROW | {"mebmer": True}, "unknown field at $.instances[0]; did you mean `member`?"),
    "an integer beyond 64 bits": (ROW | {"visits": 2**63}, "a value of `visits` does not fit INT64"),
    "an integer below 64 bits": (ROW | {"visits": -(2**63) - 1}, "a value of `visits` does not fit INT64"),
    "400 digits": (ROW | {"visits": 10**400}, "a value of `visits` does not fit INT64"),
}


@pytest.mark.parametrize("what", ROW_FAULTS)
def test_a_row_of_other_types_is_refused_by_its_place(what: str) -> None:
    row, message = ROW_FAULTS[what]
    assert refusal(SHOP, row) == message


def test_a_missing_feature_and_a_row_that_is_none_are_refused() -> None:
    without = {name: value for name, value in ROW.items() if name != "member"}
    assert refusal(SHOP, ROW, without) == "object missing required field `member` at $.instances[1]"
    assert refusal(SHOP, ROW, [1]) == "expected `object`, got `array` at $.instances[1]"
    assert refusal(SHOP) == "`instances` holds no row"


@pytest.mark.parametrize("rows", [1000, 1001, 100_000])
def test_more_rows_than_the_manifest_allows_are_too_many(rows: int) -> None:
    body = b'{"instances": [' + b",".join([b'{"petal length": 1}'] * rows) + b"]}"
    decoder = RowDecoder(FLOWER.manifest())
    if rows <= 1000:
        assert decoder.decode(body)["X"].shape == (rows, 2)
    else:
        with pytest.raises(PayloadTooLarge, match="more than 1000 rows in one request"):
            decoder.decode(body)


def test_braces_in_texts_are_no_rows() -> None:
    document = SHOP.document()
    document["serving"] = {"max_batch_rows": 1}
    document["features"][0] = {"name": "city", "type": "string"}
    row = json.dumps({"instances": [ROW | {"city": '{{{ "{" \\'}]}).encode()
    decoded = RowDecoder(msgspec.convert(document, Manifest)).decode(row)
    assert unpack(decoded["city"]) == [b'{{{ "{" \\']


@pytest.mark.parametrize(
    "body",
    [
        b'{"instances": [{"petal length": 1, "petal length": 2}]}',
        b'{"instances": [{"petal length": 1, "sepal length": 1, "petal length": 2}]}',
        b'{"instances": [{"petal length": 1, "\\u0070etal length": 2}]}',
        b'{"instances": [{"petal length": 1, "sepal length": null, "sepal length": 3}]}',
        b'{"instances": [{"petal length": 1}], "instances": [{"petal length": 2}]}',
        b'{"instances": [{"petal length": 1}], "inst\\u0061nces": [{"petal length": 2}]}',
    ],
)
def test_a_key_that_stands_twice_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedRequest, match="a key stands twice in one object"):
        RowDecoder(FLOWER.manifest()).decode(body)


def test_colons_in_texts_are_no_keys() -> None:
    document = SHOP.document()
    document["features"][0] = {"name": "city", "type": "string", "missing": {"fill": "none"}}
    decoder = RowDecoder(msgspec.convert(document, Manifest))
    rows = [ROW | {"city": "12:30:59"}, {"visits": 1, "member": False}]
    assert unpack(decoder.decode(json.dumps({"instances": rows}).encode())["city"]) == [b"12:30:59", b"none"]


# --- Any features at all --------------------------------------------------------------------------------------

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters='"\\'), min_size=1, max_size=8)
POLICIES = st.sampled_from(["reject", "allow", {"fill": -1}])


@tried
@given(st.data())
def test_every_feature_lands_in_its_own_column(data: st.DataObject) -> None:
    names = data.draw(st.lists(NAMES, min_size=1, max_size=6, unique=True))
    features: list[dict[str, Any]] = [{"name": name, "type": "float", "missing": data.draw(POLICIES)} for name in names]
    document = identity(Datatype.FP64).document() | {"features": features}
    document["inputs"][0]["shape"] = [-1, len(names)]
    rows: list[dict[str, Any]] = []
    expected: list[float] = []
    for number in range(data.draw(st.integers(1, 3))):
        row: dict[str, Any] = {}
        for column, feature in enumerate(features):
            value, missing = number * 10 + column, feature["missing"]
            if missing == "reject" or data.draw(st.booleans()):
                row[feature["name"]] = value
                expected.append(value)
            else:
                if data.draw(st.booleans()):
                    row[feature["name"]] = None
                expected.append(-1 if missing != "allow" else math.nan)
        rows.append(row)
    body = json.dumps({"instances": rows}, ensure_ascii=data.draw(st.booleans())).encode()
    (x,) = RowDecoder(msgspec.convert(document, Manifest)).decode(body).values()
    assert x.shape == (len(rows), len(names))
    assert unpack(x) == pytest.approx(expected, nan_ok=True)


NEVER_TOO_LARGE: Final = {Datatype.FP32, Datatype.FP64, Datatype.BF16}
"""What is too large for these is an infinity, or no JSON number: the policy's business, and the decoder's."""

# --- Tensors without features ---------------------------------------------------------------------------------


def test_rows_of_tensors_are_stacked_along_the_batch() -> None:
    tensors = decode(PAIR, {"a": [1, 2], "b": [3, 4]}, {"b": [7, 8], "a": [5, 6]})
    assert {name: (tensor.shape, unpack(tensor)) for name, tensor in tensors.items()} == {
        "a": ((2, 2), [1, 2, 5, 6]),
        "b": ((2, 2), [3, 4, 7, 8]),
    }
    assert decode(GATHER, {"index": 2}, {"index": 0})["index"].shape == (2,)


def test_a_model_without_a_batch_axis_takes_one_row() -> None:
    assert decode(SCALAR, {"x": 2.5})["x"].shape == ()
    assert refusal(SCALAR, {"x": 1}, {"x": 2}) == "input `x` has no batch axis; send one row a request"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"x": [1, 2, 3]}, {"x": [1, 2]}], "input `x` wants rows of shape [-1], -1 for any length"),
        ([{"x": []}], "input `x`: an axis of length 0 holds no element"),
        ([{"x": 1}], "expected `array`, got `int` at $.instances[0].x"),
        ([{"x": [[1]]}], "expected `float`, got `array` at $.instances[0].x[0]"),
        ([{"x": [True]}], "expected `float`, got `bool` at $.instances[0].x[0]"),
        ([{"x": [1], "y": [1]}], "unknown field at $.instances[0]"),
        ([{}], "object missing required field `x` at $.instances[0]"),
    ],
)
def test_rows_of_another_shape_are_refused(rows: list[Any], message: str) -> None:
    assert refusal(identity(Datatype.FP32), *rows) == message


def test_a_fixed_axis_is_held_to_its_length_and_ragged_lists_are_refused() -> None:
    assert refusal(PAIR, {"a": [1, 2, 3], "b": [1, 2, 3]}) == "input `a` wants rows of shape [2], -1 for any length"
    assert refusal(identity(Datatype.FP32, rank=3), {"x": [[1, 2], [3]]}) == "nested lists must be rectangular"


@pytest.mark.parametrize("datatype", [d for d in Datatype if d.limits and d not in NEVER_TOO_LARGE])
def test_a_number_beyond_the_datatype_is_no_value_of_it(datatype: Datatype) -> None:
    assert datatype.limits is not None
    lowest, highest = datatype.limits
    message = f"an element of input `x` does not fit {datatype}"
    for beyond in (highest * 1.1 if datatype.is_float else highest + 1, lowest * 2 - 1):
        assert refusal(identity(datatype), {"x": [lowest]}, {"x": [beyond]}) == message
