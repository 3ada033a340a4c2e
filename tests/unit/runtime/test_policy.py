"""Which values may enter a model, and what takes the place of those that are missing."""

from __future__ import annotations

import math
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serin.errors import InvalidInput
from serin.manifest import Feature, Manifest
from serin.policy import build_policies, features_by_input
from serin.protocol import Datatype
from serin.tensor import Tensor, pack, unpack
from tests.properties import tried
from tests.small_models.catalogue import SHOP, identity

DENORMAL: Final = 2.0**-149
FLOATS: Final = [datatype for datatype in Datatype if datatype.is_float]


def tensor(datatype: Datatype, values: list[Any], *shape: int) -> Tensor:
    return Tensor(datatype, shape or (1, len(values)), pack(datatype, values))


def apply(datatype: Datatype, values: list[Any], *, divides: bool = False, **rule: Any) -> Tensor:
    """What the policy of a tensor input with ``rule`` makes of one row."""
    policies = build_policies(identity(datatype, **rule).manifest(), divides=divides)
    return policies["x"].apply(tensor(datatype, values))


def refusal(datatype: Datatype, values: list[Any], *, divides: bool = False, **rule: Any) -> str:
    with pytest.raises(InvalidInput) as caught:
        apply(datatype, values, divides=divides, **rule)
    return caught.value.message


def with_features(*features: dict[str, Any], datatype: Datatype = Datatype.FP32) -> Manifest:
    document = identity(datatype).document()
    document["inputs"][0]["shape"] = [-1, len(features)]
    document["features"] = [{"type": "float", **feature} for feature in features]
    return msgspec.convert(document, Manifest)


def apply_to_rows(manifest: Manifest, rows: list[list[float]], datatype: Datatype = Datatype.FP32) -> Tensor:
    flat = [value for row in rows for value in row]
    return build_policies(manifest)["x"].apply(tensor(datatype, flat, len(rows), len(rows[0])))


@pytest.mark.parametrize("datatype", FLOATS)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_refused_by_default(datatype: Datatype, value: float) -> None:
    due = "a value is missing" if math.isnan(value) else "must be a finite number"
    assert refusal(datatype, [1, value]) == f"element 1, input `x`: {due}"


@pytest.mark.parametrize("datatype", FLOATS)
def test_what_is_not_finite_passes_bit_by_bit_where_the_manifest_allows_it(datatype: Datatype) -> None:
    given = tensor(datatype, [math.nan, math.inf, -math.inf, 1])
    policies = build_policies(identity(datatype, non_finite="allow").manifest())
    assert policies["x"].apply(given) is given


@pytest.mark.parametrize("datatype", FLOATS)
@pytest.mark.parametrize("bounds", [None, [-1, 1], [None, 1], [-1, None]])
def test_minus_zero_and_denormal_numbers_pass_as_they_are(datatype: Datatype, bounds: list[float] | None) -> None:
    tiny = {Datatype.FP16: 2.0**-24, Datatype.BF16: 2.0**-133}.get(datatype, DENORMAL)
    values = unpack(apply(datatype, [-0.0, tiny, -tiny], range=bounds))
    assert values == [0.0, tiny, -tiny]
    assert math.copysign(1, values[0]) == -1


@pytest.mark.parametrize("datatype", [d for d in Datatype if d not in {Datatype.BYTES, Datatype.BOOL}])
def test_both_ends_of_a_range_are_inside(datatype: Datatype) -> None:
    assert unpack(apply(datatype, [1, 5, 9], range=[1, 9])) == [1, 5, 9]
    assert refusal(datatype, [1, 0], range=[1, 9]) == "element 1, input `x`: must be between 1 and 9"
    assert refusal(datatype, [10], range=[None, 9]) == "element 0, input `x`: must be a finite number of at most 9"
    assert refusal(datatype, [0], range=[1, None]) == "element 0, input `x`: must be a finite number of at least 1"


def test_a_bound_is_told_in_all_its_digits() -> None:
    assert refusal(Datatype.INT64, [0], range=[1234567, 12345678.5]).endswith("must be between 1234567 and 12345678.5")


@pytest.mark.parametrize("datatype", FLOATS)
def test_a_bound_that_the_datatype_cannot_hold_is_the_number_it_makes_of_it(datatype: Datatype) -> None:
    apply(datatype, [0.1, 0.3], range=[0.1, 0.3])


@pytest.mark.parametrize("datatype", [Datatype.FP16, Datatype.BF16, Datatype.FP32])
@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_a_bound_beyond_the_datatype_lets_no_infinity_in(datatype: Datatype, value: float) -> None:
    assert refusal(datatype, [value], range=[-1e300, 1e300]).endswith("must be between -1e+300 and 1e+300")


def test_rows_and_features_are_named_and_values_are_not() -> None:
    manifest = with_features({"name": "a"}, {"name": "b", "range": [0, 1]})
    with pytest.raises(InvalidInput) as caught:
        apply_to_rows(manifest, [[7, 0], [7, 1], [7, 731.5]])
    assert caught.value.message == "row 2, feature `b`: must be between 0 and 1"


def test_the_only_feature_is_named_too() -> None:
    with pytest.raises(InvalidInput, match=r"^element 1, feature `a`: must be a finite number$"):
        apply_to_rows(with_features({"name": "a"}), [[1], [math.inf]])


def test_a_missing_value_is_filled_in_its_row_and_the_others_keep_their_bits() -> None:
    manifest = with_features({"name": "a", "missing": {"fill": 7}}, {"name": "b", "missing": "allow"})
    rows = [[math.nan, 1.5], [-0.0, math.nan], [DENORMAL, 2.5]]
    filled = apply_to_rows(manifest, rows)
    assert bytes(filled.data) == bytes(pack(Datatype.FP32, [7, 1.5, -0.0, math.nan, DENORMAL, 2.5]))  # type: ignore[arg-type]


@pytest.mark.parametrize("datatype", FLOATS)
@tried
@given(st.lists(st.floats(-100, 100, width=16) | st.just(math.nan), min_size=1, max_size=12))
def test_filling_changes_what_is_missing_and_nothing_else(datatype: Datatype, values: list[float]) -> None:
    manifest = with_features({"name": "a", "missing": {"fill": -3}}, datatype=datatype)
    before = unpack(tensor(datatype, values))
    after = unpack(apply_to_rows(manifest, [[value] for value in values], datatype))
    assert after == [-3 if math.isnan(value) else value for value in before]


def test_infinities_are_refused_where_missing_values_are_allowed() -> None:
    for missing in ("allow", {"fill": 1}):
        with pytest.raises(InvalidInput, match="must be a finite number"):
            apply_to_rows(with_features({"name": "a", "missing": missing}), [[-math.inf]])


def test_a_text_that_is_no_category_is_refused_by_row() -> None:
    policy = build_policies(SHOP.manifest())["city"]
    good = tensor(Datatype.BYTES, ["Rome", "Oslo"], 2, 1)
    assert policy.apply(good) is good
    for other in ("rome", "", "Rome\0", "Rom", " Rome"):
        with pytest.raises(InvalidInput) as caught:
            policy.apply(tensor(Datatype.BYTES, ["Rome", other], 2, 1))
        assert caught.value.message == "element 1, feature `city`: is not one of the categories"


def test_texts_flags_and_integers_without_rules_pass_untouched() -> None:
    for datatype, value in ((Datatype.BYTES, ""), (Datatype.BOOL, True), (Datatype.UINT64, 2**64 - 1)):
        given = tensor(datatype, [value])
        assert build_policies(identity(datatype).manifest(), divides=True)["x"].apply(given) is given


# --- Division -------------------------------------------------------------------------------------------------

LOWEST: Final = {Datatype.INT32: -(2**31), Datatype.INT64: -(2**63)}


@pytest.mark.parametrize("datatype", LOWEST)
def test_the_lowest_integer_does_not_reach_a_model_that_divides(datatype: Datatype) -> None:
    lowest = LOWEST[datatype]
    expected = f"element 1, input `x`: must be a finite number above {lowest}, which the model cannot divide"
    assert refusal(datatype, [lowest + 1, lowest], divides=True) == expected
    assert refusal(datatype, [lowest], divides=True, range=[None, 5]) == (
        f"element 0, input `x`: must be a finite number of at most 5 and above {lowest}, which the model cannot divide"
    )
    refusal(datatype, [lowest], divides=True, range=[-1e300, 5])
    assert unpack(apply(datatype, [lowest], divides=False)) == [lowest]


@pytest.mark.parametrize("datatype", [Datatype.INT8, Datatype.INT16])
def test_narrow_integers_divide_without_a_fault(datatype: Datatype) -> None:
    lowest = {Datatype.INT8: -128, Datatype.INT16: -32768}[datatype]
    assert unpack(apply(datatype, [lowest], divides=True)) == [lowest]


# --- Columns --------------------------------------------------------------------------------------------------


def test_features_of_an_input_are_its_columns_in_the_manifests_order() -> None:
    packed = features_by_input(with_features({"name": "b"}, {"name": "a"}))
    assert {name: [feature.name for feature in features] for name, features in packed.items()} == {"x": ["b", "a"]}
    separate = features_by_input(SHOP.manifest())
    assert [feature.name for features in separate.values() for feature in features] == list(separate)


def test_features_are_named_by_the_manifest_and_not_by_the_tensor() -> None:
    (feature,) = with_features({"name": "no identifier at all"}).features
    assert isinstance(feature, Feature)
    with pytest.raises(InvalidInput, match="feature `no identifier at all`"):
        apply_to_rows(with_features({"name": "no identifier at all"}), [[math.nan]])
