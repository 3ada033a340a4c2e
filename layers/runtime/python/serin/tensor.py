"""What travels between the rooms: a contiguous buffer with a datatype and a shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from serin.protocol import Datatype

Buffer = bytes | bytearray | memoryview
"""Row-major (C order), native little-endian, no padding."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """A dense tensor.

    ``data`` holds ``itemsize * product(shape)`` bytes, or for ``BYTES`` a list with one ``bytes`` an element,
    both in row-major order. FP16 and BF16 are raw 16-bit patterns.
    """

    datatype: Datatype
    shape: tuple[int, ...]
    data: Buffer | list[bytes]

    @property
    def rows(self) -> int:
        """Length of the leading axis, 1 for a scalar."""
        return self.shape[0] if self.shape else 1


def element_count(shape: Sequence[int]) -> int:
    """Elements of ``shape``, exact at any size (Python integers do not overflow); 1 for a scalar."""
    return math.prod(shape)
