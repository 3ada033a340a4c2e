"""A screen comes to what the policy and the bins come to, value by value."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serin import screening
from serin.baseline import Bins, CategoryBins, Histogram, NumericBins
from serin.errors import InvalidInput
from serin.manifest import Manifest
from serin.policy import build_policies, features_by_input
from serin.protocol import Datatype
from serin.screening import BATCH_VALUES, Screens
from serin.tensor import Tensor, element_count, elements, pack
from tests.properties import tried
from tests.small_models.catalogue import identity

NUMBERS: Final = [datatype for datatype in Datatype if datatype not in {Datatype.BYTES, Datatype.BOOL}]
COUNTED: Final = [Datatype.FP32, Datatype.FP64, Datatype.INT32, Datatype.INT64]

Outcome = tuple[bytes | list[bytes], dict[str, Histogram]] | str
"""Bytes and histograms, or a refusal's text."""


def tensor(datatype: Datatype, rows: list[list[Any]]) -> Tensor:
    return Tensor(datatype, (len(rows), len(rows[0])), pack(datatype, [value for row in rows for value in row]))


def outcome(work: Callable[[], tuple[dict[str, Tensor], dict[str, Histogram]]]) -> Outcome:
    try:
        allowed, histograms = work()
    except InvalidInput as error:
        return error.message
    (data,) = (item.data for item in allowed.values())
    return data if isinstance(data, list) else bytes(data), histograms


def by_screen(manifest: Manifest, bins: dict[str, Bins], given: Tensor) -> Outcome:
    screens = Screens(manifest, bins, divides=True)

    def work() -> tuple[dict[str, Tensor], dict[str, Histogram]]:
        allowed, histograms = screens({"x": given}, time.monotonic() + 10)
        return allowed, {} if histograms is None else msgspec.json.decode(histograms)

    return outcome(work)


def value_by_value(manifest: Manifest, bins: dict[str, Bins], given: Tensor) -> Outcome:
    """What the screens must come to."""

    def work() -> tuple[dict[str, Tensor], dict[str, Histogram]]:
        allowed = build_policies(manifest, divides=True)["x"].apply(given)
        names = [feature.name for feature in features_by_input(manifest)["x"]]
        values: list[Any] = list(elements(allowed))
        if given.datatype is Datatype.BYTES:
            values = [value.decode() for value in values]
        counted = {name: bins[name].count(values[i :: len(names)]) for i, name in enumerate(names) if name in bins}
        return {"x": allowed}, counted

    return outcome(work)


def with_features(datatype: Datatype, *features: dict[str, Any]) -> Manifest:
    document = identity(datatype).document()
    document["inputs"][0]["shape"] = [-1, len(features)]
    document["features"] = [{"type": "float", **feature} for feature in features]
    return msgspec.convert(document, Manifest)


def values_of(datatype: Datatype) -> st.SearchStrategy[Any]:
    """Any element of ``datatype``, often one that is near a bound or an edge."""
    near = [-3, -1, 0, 1, 2, 3, 7]
    if not datatype.is_float:
        assert datatype.limits is not None
        lowest, highest = (int(limit) for limit in datatype.limits)
        inside = [value for value in near if value >= lowest]
        return st.sampled_from([*inside, *inside, lowest, highest]) | st.integers(lowest, highest)
    tiny = [0.1, 0.3, -0.0, 0.7, math.nextafter(0.3, 1), math.nextafter(0.3, 0), 1e-310, 2.0**-149]
    odd = [math.nan, math.inf, -math.inf]
    width = {Datatype.FP16: 16, Datatype.FP64: 64}.get(datatype, 32)
    return st.sampled_from([*near, *near, *tiny, *odd]) | st.floats(width=width)  # type: ignore[arg-type]


RULES: Final = st.fixed_dictionaries(
    {},
    optional={
        "range": st.sampled_from([[-3, 7], [0.1, 0.3], [None, 2], [0, None], [-1e300, 1e300]]),
        "missing": st.sampled_from(["allow", {"fill": 0.1}, {"fill": -50}]),
    },
)
BINS: Final[st.SearchStrategy[Bins | None]] = st.sampled_from(
    [
        None,
        NumericBins(edges=(0.1, 0.3, 1.0), counts=()),
        NumericBins(edges=(-1e300, -2.5, 2.0, 2.0, 1e300), counts=()),
        NumericBins(edges=(2.0**31, 2.0**63), counts=()),
        CategoryBins(categories=("1", "2"), counts=()),
    ]
)


@pytest.mark.parametrize("datatype", NUMBERS)
@pytest.mark.parametrize("batch", [1, BATCH_VALUES])
@tried
@given(st.data())
def test_a_screen_comes_to_what_a_look_at_every_value_comes_to(datatype: Datatype, batch: int, data: Any) -> None:
    rules = data.draw(st.lists(RULES, min_size=1, max_size=3), label="rules")
    names = [f"f{i}" for i in range(len(rules))]
    manifest = with_features(datatype, *({"name": name, **rule} for name, rule in zip(names, rules, strict=True)))
    bins = {name: found for name in names if (found := data.draw(BINS, label=name)) is not None}
    row = st.lists(values_of(datatype), min_size=len(names), max_size=len(names))
    given = tensor(datatype, data.draw(st.lists(row, min_size=1, max_size=6), label="rows"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(screening, "BATCH_VALUES", batch)
        assert by_screen(manifest, bins, given) == value_by_value(manifest, bins, given)


@pytest.mark.parametrize("datatype", COUNTED)
@pytest.mark.parametrize("rows", [BATCH_VALUES // 2 - 1, BATCH_VALUES // 2, 100_000])
def test_a_batch_of_any_length_is_counted_whole(datatype: Datatype, rows: int) -> None:
    manifest = with_features(datatype, {"name": "a", "range": [0, 100]}, {"name": "b", "missing": {"fill": 3}})
    gap = math.nan if datatype.is_float else 3
    values = [[i % 101, gap if i % 7 == 0 else -i] for i in range(rows)]
    bins: dict[str, Bins] = {
        "a": NumericBins(edges=(10.0, 50.5, 99.0), counts=()),
        "b": NumericBins(edges=(-9.0, 0.0), counts=()),
    }
    given = tensor(datatype, values)
    due = value_by_value(manifest, bins, given)
    assert by_screen(manifest, bins, given) == due
    assert not isinstance(due, str)
    assert sum(due[1]["a"].values()) == sum(due[1]["b"].values()) == rows


@pytest.mark.parametrize("datatype", COUNTED)
@pytest.mark.parametrize("place", [0, 4242, 9999])
def test_the_one_wrong_value_of_a_batch_is_named(datatype: Datatype, place: int) -> None:
    manifest = with_features(datatype, {"name": "a", "range": [0, 1]}, {"name": "b"})
    rows = [[1, 5] for _ in range(10_000)]
    rows[place][0] = 2
    assert by_screen(manifest, {}, tensor(datatype, rows)) == f"row {place}, feature `a`: must be between 0 and 1"


@pytest.mark.parametrize("rows", [1, 3, 3000])
@pytest.mark.parametrize("allowed", [False, True])
def test_infinities_pass_in_a_tensor_whose_manifest_allows_them(rows: int, allowed: bool) -> None:
    manifest = identity(Datatype.FP32, non_finite="allow" if allowed else "reject").manifest()
    given = tensor(Datatype.FP32, [[1.0, math.inf, math.nan, -math.inf]] * rows)
    assert by_screen(manifest, {}, given) == value_by_value(manifest, {}, given)
    assert isinstance(by_screen(manifest, {}, given), str) is not allowed


@pytest.mark.parametrize("rows", [1, 2, 3000])
@pytest.mark.parametrize("city", ["Rome", "rome", ""])
def test_texts_are_judged_and_counted(rows: int, city: str) -> None:
    manifest = with_features(Datatype.BYTES, {"name": "city", "type": "string", "categories": ["Rome", "Oslo"]})
    given = tensor(Datatype.BYTES, [["Oslo"]] * (rows - 1) + [[city]])
    found: list[dict[str, Bins]] = [
        {},
        {"city": CategoryBins(categories=("Oslo", "Bonn"), counts=())},
        {"city": NumericBins(edges=(0.0,), counts=())},
    ]
    for bins in found:
        assert by_screen(manifest, bins, given) == value_by_value(manifest, bins, given)


def test_a_tensor_that_nothing_is_said_of_passes_without_a_look() -> None:
    given = Tensor(Datatype.INT64, (1, 2), b"not even its bytes")
    assert Screens(identity(Datatype.INT64).manifest(), {}, divides=False)({"x": given}, 0) == ({"x": given}, None)


def test_flags_and_half_floats_are_counted_without_onnx_runtime() -> None:
    for datatype in (Datatype.BOOL, Datatype.FP16, Datatype.BF16, Datatype.UINT8):
        manifest = with_features(datatype, {"name": "a"})
        given = tensor(datatype, [[i % 2] for i in range(3000)] if datatype is not Datatype.BOOL else [[True]] * 3000)
        bins: dict[str, Bins] = {"a": NumericBins(edges=(1.0,), counts=())}
        assert by_screen(manifest, bins, given) == value_by_value(manifest, bins, given)


def test_a_batch_is_all_of_one_shape_and_its_elements_are_all_counted() -> None:
    manifest = identity(Datatype.FP32, rank=3, range=[0, 1]).manifest()
    given = Tensor(Datatype.FP32, (3, 40, 50), pack(Datatype.FP32, [0.5] * 6000))
    assert element_count(given.shape) > BATCH_VALUES
    assert by_screen(manifest, {}, given) == (given.data, {})


@pytest.mark.parametrize("rows", [1, 4])
def test_data_seen_as_words_is_screened_as_its_bytes_are(rows: int) -> None:
    manifest = with_features(Datatype.FP32, {"name": "a", "range": [0, 1]})
    bins: dict[str, Bins] = {"a": NumericBins(edges=(0.5,), counts=())}
    given = tensor(Datatype.FP32, [[0.75]] * rows)
    assert isinstance(given.data, bytes)
    seen = Tensor(given.datatype, given.shape, memoryview(given.data).cast("I"))  # four rows: as long as one in bytes
    assert by_screen(manifest, bins, seen) == by_screen(manifest, bins, given) == (given.data, {"a": {"1": rows}})
