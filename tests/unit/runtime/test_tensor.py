"""Elements in and out of buffers, held against numpy."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serin.protocol import Datatype
from serin.tensor import Buffer, Tensor, element_count, elements, pack, round_to, row_packer, unpack
from tests.properties import tried
from tests.unit.runtime.numpy_types import NUMPY

INTEGERS: Final = [datatype for datatype in NUMPY if np.issubdtype(NUMPY[datatype], np.integer)]
FLOATS: Final = [datatype for datatype in Datatype if datatype.is_float]

SMALLEST: Final = {
    Datatype.FP16: 2.0**-24,
    Datatype.BF16: 2.0**-133,
    Datatype.FP32: 2.0**-149,
    Datatype.FP64: 2.0**-1074,
}


def raw(datatype: Datatype, values: list[Any]) -> bytes:
    data = pack(datatype, values)
    assert not isinstance(data, list)
    return bytes(data)


def integers(datatype: Datatype) -> st.SearchStrategy[list[int]]:
    limits = np.iinfo(NUMPY[datatype])
    return st.lists(st.integers(int(limits.min), int(limits.max)), max_size=20)


@pytest.mark.parametrize("datatype", INTEGERS)
def test_integers_come_back_and_lie_as_numpy_lays_them(datatype: Datatype) -> None:
    @tried
    @given(integers(datatype))
    def holds(values: list[int]) -> None:
        assert raw(datatype, values) == np.array(values, NUMPY[datatype]).tobytes()
        assert unpack(Tensor(datatype, (len(values),), pack(datatype, values))) == values

    holds()


@pytest.mark.parametrize("datatype", INTEGERS)
def test_an_integer_beyond_its_datatype_is_refused(datatype: Datatype) -> None:
    limits = np.iinfo(NUMPY[datatype])
    for value in (int(limits.min) - 1, int(limits.max) + 1, 10**400, -(10**5000)):
        with pytest.raises(ValueError, match=f"^does not fit {datatype}$"):
            pack(datatype, [value])


@pytest.mark.parametrize("datatype", Datatype)
def test_a_row_is_packed_as_its_elements_are(datatype: Datatype) -> None:
    texts = datatype is Datatype.BYTES

    @tried
    @given(st.lists(st.text() if texts else st.floats() if datatype.is_float else st.integers(), max_size=20))
    def holds(values: list[Any]) -> None:
        assert packed(lambda: row_packer(datatype, len(values))(values)) == packed(lambda: pack(datatype, values))

    def packed(way: Callable[[], Buffer | list[bytes]]) -> Buffer | list[bytes] | str:
        try:
            return way()
        except ValueError as error:
            return str(error)

    holds()


@pytest.mark.parametrize("datatype", FLOATS)
def test_floats_are_rounded_as_numpy_rounds_them(datatype: Datatype) -> None:
    assert datatype.limits is not None

    @tried
    @given(st.lists(st.floats(*datatype.limits, allow_nan=False), max_size=20))
    def holds(values: list[float]) -> None:
        expected = np.array(values, np.float64).astype(NUMPY[datatype])
        assert raw(datatype, values) == expected.tobytes()
        tensor = Tensor(datatype, (len(values),), pack(datatype, values))
        assert unpack(tensor) == expected.astype(np.float64).tolist()

    holds()


@pytest.mark.parametrize("datatype", FLOATS)
def test_special_numbers_keep_what_is_special(datatype: Datatype) -> None:
    tiny = SMALLEST[datatype]
    back = unpack(Tensor(datatype, (5,), pack(datatype, [math.nan, math.inf, -math.inf, -0.0, tiny])))
    assert math.isnan(back[0])
    assert back[1:] == [math.inf, -math.inf, 0.0, tiny]
    assert math.copysign(1, back[3]) == -1


def test_every_bf16_pattern_comes_back() -> None:
    patterns = np.arange(2**16, dtype=np.uint16)
    values = unpack(Tensor(Datatype.BF16, (2**16,), patterns.tobytes()))
    again = np.frombuffer(raw(Datatype.BF16, values), np.uint16)
    is_nan = np.isnan(np.array(values))
    assert (again[~is_nan] == patterns[~is_nan]).all()
    assert np.isnan(again.view(ml_dtypes.bfloat16)[is_nan].astype(np.float32)).all()


def test_a_number_beyond_the_largest_becomes_an_infinity_or_is_refused() -> None:
    assert unpack(Tensor(Datatype.FP32, (1,), pack(Datatype.FP32, [1e300]))) == [math.inf]
    assert unpack(Tensor(Datatype.BF16, (1,), pack(Datatype.BF16, [-3.4e38]))) == [-math.inf]
    with pytest.raises(ValueError, match=r"^does not fit FP16$"):
        pack(Datatype.FP16, [65520.0])


@tried
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_text_travels_as_utf_8(values: list[str]) -> None:
    packed = pack(Datatype.BYTES, values)
    assert unpack(Tensor(Datatype.BYTES, (len(values),), packed)) == [value.encode() for value in values]


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^does not fit BYTES$"):
        pack(Datatype.BYTES, ["\ud800"])


@pytest.mark.parametrize("datatype", list(NUMPY))
def test_elements_are_read_from_any_place_in_a_larger_buffer(datatype: Datatype) -> None:
    values = [0, 1, 1]
    body = b"x" + raw(datatype, values)
    assert list(elements(Tensor(datatype, (3,), memoryview(body)[1:]))) == values


def test_counting_elements_is_exact_beyond_64_bits() -> None:
    assert element_count([]) == 1
    assert element_count([3, 0, 5]) == 0
    assert element_count([2**32, 2**32]) == 2**64
    assert element_count([2**4, 2**60 + 2]) == 2**64 + 32


@pytest.mark.parametrize("datatype", FLOATS)
@pytest.mark.parametrize("value", [0.1, -12.3, 1e5, -1e39, 0.0])
def test_a_bound_is_what_its_datatype_makes_of_it(datatype: Datatype, value: float) -> None:
    with np.errstate(over="ignore"):
        assert round_to(datatype, value) == float(np.float64(value).astype(NUMPY[datatype]))


def test_a_bound_of_integers_stays_what_it_is() -> None:
    assert round_to(Datatype.INT8, 6.5) == 6.5


def test_the_rows_of_a_tensor_are_its_first_axis() -> None:
    assert Tensor(Datatype.INT8, (3, 2), bytes(6)).rows == 3
    assert Tensor(Datatype.INT8, (), b"\0").rows == 1
