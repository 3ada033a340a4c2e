from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serin.admission.wire import (
    FLOAT_RUNS,
    FLOATS,
    NUMBER,
    NUMBER_RUNS,
    NUMBERS,
    TEXT,
    TEXT_RUNS,
    TEXTS,
    Budget,
    Fields,
    Kind,
    Layout,
    Malformed,
    count_of,
    numbers_of,
    read_message,
    texts_of,
)
from tests.properties import tried

INT64 = st.integers(-(2**63), 2**63 - 1)


def varint(value: int) -> bytes:
    value %= 2**64
    written = bytearray()
    while value >= 0x80:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*written, value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def text(field: int, value: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(value)) + value


def read(data: bytes, layout: Layout, fields: int = 1000) -> Fields:
    return read_message(memoryview(data), layout, Budget(fields))


# --- What is read ---------------------------------------------------------------------------------------------


def test_numbers_texts_and_unknown_fields_are_read() -> None:
    data = number(1, 300) + text(2, b"name") + number(9, 7) + text(2000, b"new") + text(3, b"a") + text(3, b"b")
    assert read(data, {1: NUMBER, 2: TEXT, 3: TEXTS}) == {1: [300], 2: [b"name"], 3: [b"a", b"b"]}


def test_fixed_fields_that_nobody_knows_are_skipped() -> None:
    data = bytes([9 << 3 | 1]) + bytes(8) + bytes([10 << 3 | 5]) + bytes(4) + number(1, 1)
    assert read(data, {1: NUMBER}) == {1: [1]}


@tried
@given(st.lists(INT64))
def test_numbers_are_the_same_one_by_one_packed_and_in_runs(values: list[int]) -> None:
    plain = b"".join(number(8, value) for value in values)
    packed = text(8, b"".join(map(varint, values))) if values else b""
    for data, kind in ((plain, NUMBERS), (plain, NUMBER_RUNS), (packed, NUMBERS), (packed, NUMBER_RUNS)):
        found = read(data, {8: kind}).get(8, [])
        assert list(numbers_of(found)) == values
        assert count_of(found) == len(values)


@tried
@given(st.lists(st.binary(max_size=200)))
def test_texts_are_the_same_in_runs(values: list[bytes]) -> None:
    found = read(b"".join(text(9, value) for value in values), {9: TEXT_RUNS}).get(9, [])
    assert list(texts_of(found)) == values


@tried
@given(st.lists(st.floats(width=32), max_size=50))
def test_floats_are_counted_however_they_are_written(values: list[float]) -> None:
    written = [struct.pack("<f", value) for value in values]
    plain = b"".join(bytes([7 << 3 | 5]) + value for value in written)
    for data in (plain, text(7, b"".join(written))):
        for kind in (FLOATS, FLOAT_RUNS):
            assert count_of(read(data, {7: kind}).get(7, []), 4) == len(values)


def test_a_run_of_many_numbers_is_one_field_and_is_taken_apart_whole() -> None:
    values = [i * 37 % 100_000 for i in range(200_000)]
    data = b"".join(number(8, value) for value in values)
    found = read(data, {8: NUMBER_RUNS}, fields=1)[8]
    assert list(numbers_of(found)) == values


# --- What is refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x08", "cut off"),
        (b"\x08\x80", "cut off"),
        (b"\x12\x05ab", "cut off"),
        (b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "cut off"),
        (b"\x08" + b"\xff" * 11, "longer than 64 bits"),
        (b"\x08\x81\x00", "longer than it is"),
        (b"\x88\x00\x01", "longer than it is"),
        (b"\x00\x01", "no valid number"),
        (b"\xf8\xff\xff\xff\xff\x01\x01", "no valid number"),
        (b"\x0b\x0c", "group"),
        (b"\x0f", "group"),
        (b"\x0d\0\0\0\0", "field 1 has the wrong type"),
        (b"\x12\x00\x12\x00", "field 2 stands twice"),
        (b"\x08\x01\x08\x01", "field 1 stands twice"),
    ],
)
def test_what_no_writer_makes_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(Malformed, match=said):
        read(data, {1: NUMBER, 2: TEXT})


@pytest.mark.parametrize("kind", [NUMBERS, NUMBER_RUNS])
@pytest.mark.parametrize("packed", [b"\x80", b"\x01\xff", b"\xff" * 11])
def test_packed_numbers_must_be_whole(packed: bytes, kind: Kind) -> None:
    with pytest.raises(Malformed, match="the numbers in field 8 are cut off"):
        read(text(8, packed), {8: kind})


def test_more_fields_than_the_budget_are_refused() -> None:
    data = number(1, 0) * 11
    assert len(read(data, {1: NUMBERS}, fields=11)[1]) == 11
    with pytest.raises(Malformed, match="more parts than are read"):
        read(data, {1: NUMBERS}, fields=10)


@tried
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    kinds = {1: NUMBER, 2: TEXT, 3: TEXTS, 4: NUMBERS, 5: FLOATS, 7: FLOAT_RUNS, 8: NUMBER_RUNS, 9: TEXT_RUNS}
    try:
        found = read(data, kinds)
    except Malformed:
        return
    for field in (4, 8):
        assert len(numbers_of(found.get(field, []))) == count_of(found.get(field, []))
    list(texts_of(found.get(9, [])))
