"""Protobuf's wire format, read without trust: what stands where it must not is an error, and work is bounded.

Stricter than protobuf, which lets a later field overrule an earlier one, merges messages, takes numbers with zeros in
front and skips what has the wrong type: two readers could then see two models. No writer makes such files. Source:
protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Final, NamedTuple

VARINT: Final = 0
FIXED64: Final = 1
BYTES: Final = 2
FIXED32: Final = 5

_MOST_FIELD: Final = 2**29 - 1
_LONGEST_VARINT: Final = 10  # bytes of 64 bits, seven in each


class Malformed(Exception):
    """The bytes are no such message; says what is wrong with them."""


class Kind(NamedTuple):
    """How a field stands in its message. ``runs``: its elements may be millions, and a run of them is one value."""

    wire_type: int
    repeated: bool = False
    runs: bool = False

    @property
    def packs(self) -> bool:
        """Whether several values may stand in one field of bytes."""
        return self.repeated and self.wire_type != BYTES


NUMBER: Final = Kind(VARINT)
FLOAT: Final = Kind(FIXED32)
TEXT: Final = Kind(BYTES)
"""A text, or a message."""
NUMBERS: Final = Kind(VARINT, repeated=True)
FLOATS: Final = Kind(FIXED32, repeated=True)
DOUBLES: Final = Kind(FIXED64, repeated=True)
TEXTS: Final = Kind(BYTES, repeated=True)
NUMBER_RUNS: Final = Kind(VARINT, repeated=True, runs=True)
FLOAT_RUNS: Final = Kind(FIXED32, repeated=True, runs=True)
TEXT_RUNS: Final = Kind(BYTES, repeated=True, runs=True)


class Budget:
    """How much may still be read of one model, so that no file takes more time or memory than its size deserves."""

    def __init__(self, fields: int) -> None:
        self._fields = fields

    def take(self, fields: int = 1) -> None:
        self._fields -= fields
        if self._fields < 0:
            raise Malformed("it holds more parts than are read")


Layout = Mapping[int, Kind]
"""The known fields of a message, by their numbers. Others are skipped, as every reader of protobuf does."""


class Run(NamedTuple):
    """Elements of one field back to back, each behind its key of one byte."""

    key: int
    data: memoryview


Value = int | memoryview | Run
Fields = dict[int, list[Value]]
"""What a message holds, by field number: integers as they stand (64 bits, unsigned), everything else as its bytes."""


def read_message(data: memoryview, layout: Layout, budget: Budget) -> Fields:
    """The fields of one message.

    Raises:
        Malformed: truncated, a known field of the wrong type, or one that stands twice and must not.
    """
    found: Fields = {}
    for number, wire_type, value in _fields(data, layout, budget):
        kind = layout.get(number)
        if kind is None:
            continue
        if wire_type != kind.wire_type:
            _check_packed(number, kind, wire_type, value)
        values = found.setdefault(number, [])
        if values and not kind.repeated:
            raise Malformed(f"field {number} stands twice")
        values.append(value)
    return found


def _check_packed(number: int, kind: Kind, wire_type: int, value: Value) -> None:
    """Whether ``value`` may stand where ``kind`` is due, and is whole: it is taken apart later, if at all."""
    if not kind.packs or wire_type != BYTES or not isinstance(value, memoryview):
        raise Malformed(f"field {number} has the wrong type")
    if kind.wire_type == VARINT and not _PACKED_NUMBERS.fullmatch(value):
        raise Malformed(f"the numbers in field {number} are cut off")


def _fields(data: memoryview, layout: Layout, budget: Budget) -> Iterator[tuple[int, int, Value]]:
    position, end = 0, len(data)
    while position < end:
        budget.take()
        begin = position
        key, position = _varint(data, position)
        number, wire_type = key >> 3, key & 7
        if not 0 < number <= _MOST_FIELD:
            raise Malformed("a field has no valid number")
        run = _run_of(layout.get(number), data, begin, key)
        if run > position:
            position = run
            yield number, wire_type, Run(key, data[begin:run])
        elif wire_type == VARINT:
            value, position = _varint(data, position)
            yield number, wire_type, value
        else:
            length, position = _length(data, position, wire_type)
            if length > end - position:
                raise Malformed("it is cut off")
            position += length
            yield number, wire_type, data[position - length : position]


def _length(data: memoryview, position: int, wire_type: int) -> tuple[int, int]:
    if wire_type == BYTES:
        return _varint(data, position)
    if wire_type == FIXED32:
        return 4, position
    if wire_type == FIXED64:
        return 8, position
    raise Malformed("it holds a group, or no protobuf at all")


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 7 * _LONGEST_VARINT, 7):
        if position >= len(data):
            raise Malformed("it is cut off")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if byte == 0 and shift:
                raise Malformed("a number is written longer than it is")
            return value & (2**64 - 1), position
    raise Malformed("a number is longer than 64 bits")


# --- Runs: millions of numbers, each with its key before it, found by one regular expression -------------------

_NUMBER: Final = rb"[\x80-\xff]{0,9}[\x00-\x7f]"
_SHORT_TEXT: Final = b"|".join(re.escape(bytes([n])) + b"." * n for n in range(128))
_PART: Final = 65_536
"""Elements that are taken apart at once."""

_PACKED_NUMBERS: Final = re.compile(b"(?:" + _NUMBER + b")*+", re.DOTALL)
_ELEMENTS: Final = {NUMBER_RUNS: _NUMBER, FLOAT_RUNS: b".{4}", TEXT_RUNS: b"(?:" + _SHORT_TEXT + b")"}


@cache
def _pattern(kind: Kind, key: int, times: bytes) -> re.Pattern[bytes]:
    return re.compile(b"(?:" + re.escape(bytes([key])) + _ELEMENTS[kind] + b")" + times, re.DOTALL)


def _run_of(kind: Kind | None, data: memoryview, begin: int, key: int) -> int:
    """Where the run ends that begins here; ``begin`` where there is none."""
    if kind is None or not kind.runs or key & 7 != kind.wire_type or data[begin] != key:
        return begin
    match = _pattern(kind, key, b"++").match(data, begin)
    return begin if match is None else match.end()


def numbers_of(values: Sequence[Value]) -> array[int]:
    """The integers of a repeated field, signed, whichever way they stand; also in views of 64 bits an element."""
    found = array("q")
    for value in values:
        if isinstance(value, int):
            found.append(_signed(value))
        elif isinstance(value, Run):
            for part in _parts(NUMBER_RUNS, value):
                found.extend(map(_DECODED.__getitem__, part))
        elif value.format == "q":
            found.frombytes(value.tobytes())
        else:
            found.extend(_packed_numbers(value))
    return found


def count_of(values: Sequence[Value], size: int | None = None) -> int:
    """How many elements a repeated field has; ``size``: bytes of each, None for varints."""
    return sum(_count(value, size) for value in values)


def texts_of(values: Sequence[Value]) -> Iterator[bytes]:
    """The texts of a repeated field."""
    for value in values:
        if isinstance(value, Run):
            for part in _parts(TEXT_RUNS, value):
                yield from (element[2:] for element in part)
        elif isinstance(value, memoryview):
            yield bytes(value)


class _Decoded(dict[bytes, int]):
    """The integers of varints that stand behind a key, kept: most of a model's numbers come again."""

    def __missing__(self, element: bytes) -> int:
        number = 0
        for place, byte in enumerate(element[1:]):
            number |= (byte & 0x7F) << (7 * place)
        number = _signed(number & (2**64 - 1))
        if len(self) < _PART:
            self[element] = number
        return number


_DECODED: Final = _Decoded()


def _parts(kind: Kind, run: Run) -> Iterator[list[bytes]]:
    """Elements with their keys, many at a time and never all."""
    some, one = _pattern(kind, run.key, b"{1,%d}+" % _PART), _pattern(kind, run.key, b"")
    for match in some.finditer(run.data):
        yield one.findall(match.group())


def _packed_numbers(data: memoryview) -> Iterator[int]:
    position = 0
    while position < len(data):
        value, position = _varint(data, position)
        yield _signed(value)


def _count(value: Value, size: int | None) -> int:
    if isinstance(value, int):
        return 1
    if isinstance(value, memoryview) and value.format == "q":
        return len(value)
    data, with_key = (value.data, 1) if isinstance(value, Run) else (value, 0)
    if size is not None:
        return len(data) // (size + with_key)
    # A varint ends in its only byte below 128, and so does a key.
    return len(data.tobytes().translate(None, _CONTINUED)) // (1 + with_key)


_CONTINUED: Final = bytes(range(128, 256))


def _signed(value: int) -> int:
    return value - 2**64 if value >= 2**63 else value
