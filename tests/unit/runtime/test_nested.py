"""Nested lists and rectangular arrays, there and back."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serin.errors import InvalidInput
from serin.nested import flatten, nest, nested_list
from serin.protocol import Datatype
from tests.properties import tried

FULL_SHAPES = st.lists(st.integers(1, 4), max_size=5)
SHAPES = st.lists(st.integers(0, 3), max_size=5)


@tried
@given(FULL_SHAPES)
def test_flatten_undoes_nest(shape: list[int]) -> None:
    values = list(range(math.prod(shape)))
    flat_shape, flat = flatten(nest(values, shape), len(shape))
    assert (list(flat_shape), list(flat)) == (shape, values)


@tried
@given(SHAPES)
def test_nest_gives_what_numpy_gives_also_for_axes_of_length_zero(shape: list[int]) -> None:
    array = np.arange(math.prod(shape)).reshape(shape)
    assert nest(array.ravel().tolist(), shape) == array.tolist()


@pytest.mark.parametrize(
    ("nested", "depth"),
    [
        ([[1, 2], [3]], 2),
        ([[], [1]], 2),
        ([[[1], [2]], [[3], [4, 5]]], 3),
        ([[[1], [2]], [[3]]], 3),
    ],
)
def test_ragged_lists_are_refused(nested: list[Any], depth: int) -> None:
    with pytest.raises(InvalidInput, match="nested lists must be rectangular"):
        flatten(nested, depth)


@pytest.mark.parametrize(
    ("nested", "depth", "shape"), [(7, 0, ()), ([], 1, (0,)), ([[], []], 2, (2, 0)), ([[[]]], 3, (1, 1, 0))]
)
def test_flatten_tells_the_shape_also_where_nothing_is_inside(nested: Any, depth: int, shape: tuple[int, ...]) -> None:
    assert flatten(nested, depth)[0] == shape


@pytest.mark.parametrize(
    ("datatype", "good", "bad"),
    [
        (Datatype.BOOL, b"[[true]]", b"[[1]]"),
        (Datatype.INT8, b"[[1]]", b"[[1.0]]"),
        (Datatype.UINT64, b"[[1]]", b'[["1"]]'),
        (Datatype.FP16, b"[[1]]", b"[[true]]"),
        (Datatype.FP32, b"[[1.5]]", b"[[null]]"),
        (Datatype.BF16, b"[[1.5]]", b'[["1.5"]]'),
        (Datatype.BYTES, b'[["a"]]', b"[[1]]"),
    ],
)
def test_a_nested_list_holds_its_datatypes_json_type_and_no_other(datatype: Datatype, good: bytes, bad: bytes) -> None:
    decoder = msgspec.json.Decoder(nested_list(datatype, 2))
    decoder.decode(good)
    for other in (bad, b"[1]", b"[[[1]]]", b"{}"):
        with pytest.raises(msgspec.ValidationError):
            decoder.decode(other)
