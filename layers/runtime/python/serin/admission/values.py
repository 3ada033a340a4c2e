"""What can be said of integers inside a graph without running it: constants, and what may come out of operators."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

import msgspec

from serin.admission.graph import INT32, INT64, Tensor
from serin.admission.wire import count_of, numbers_of

_WIDTHS: Final = {INT32: ("i", 4), INT64: ("q", 8)}
_LOWEST: Final = {INT32: -(2**31), INT64: -(2**63)}
MOST_KNOWN: Final = 1_000_000
"""Elements of a constant that are looked at."""


class Integers(msgspec.Struct, frozen=True):
    """What the INT32 or INT64 elements of a tensor may be. ``wide``: that they may be of these types at all."""

    wide: bool = True
    lowest: bool = True
    minus_one: bool = True
    negative: bool = True

    def __or__(self, other: Integers) -> Integers:
        return Integers(
            wide=self.wide or other.wide,
            lowest=self.lowest or other.lowest,
            minus_one=self.minus_one or other.minus_one,
            negative=self.negative or other.negative,
        )


ANYTHING: Final = Integers()
NO_INTEGERS: Final = Integers(wide=False, lowest=False, minus_one=False, negative=False)
COUNTS: Final = Integers(lowest=False, minus_one=False, negative=False)
"""Lengths, positions, numbers of elements."""
FROM_CLIENTS: Final = Integers(lowest=False)
"""An input of the model: requests with the lowest number are refused where the model divides."""


def of_type(element_type: int | None, integers: Integers) -> Integers:
    """``integers`` where the type is known to be wide, or not known at all."""
    return integers if element_type in (None, INT32, INT64) else NO_INTEGERS


def elements_of(tensor: Tensor) -> Sequence[int] | None:
    """The elements of an INT32 or INT64 constant; None for any other, a very large one, or one that is not whole."""
    if tensor.element_type not in _WIDTHS:
        return None
    letter, size = _WIDTHS[tensor.element_type]
    if tensor.data is None:
        return numbers_of(tensor.integers) if count_of(tensor.integers) <= MOST_KNOWN else None
    count, rest = divmod(len(tensor.data), size)
    if rest or count > MOST_KNOWN:
        return None
    return struct.unpack(f"<{count}{letter}", tensor.data)


def of_constant(tensor: Tensor) -> Integers:
    """What stands in a constant."""
    if tensor.element_type not in _WIDTHS:
        return NO_INTEGERS
    elements = elements_of(tensor)
    if elements is None:
        return ANYTHING
    return of_numbers(elements, _LOWEST[tensor.element_type])


def of_numbers(elements: Sequence[int], lowest: int) -> Integers:
    """What stands in a list; ``lowest``: the lowest number of its type."""
    least = min(elements, default=0)
    return Integers(lowest=least <= lowest, minus_one=-1 in elements, negative=least < 0)
