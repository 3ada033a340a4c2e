"""Nested JSON lists and the rectangular arrays they stand for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from serin.errors import InvalidInput
from serin.protocol import Datatype


@lru_cache(maxsize=256)
def nested_list(datatype: Datatype, depth: int) -> Any:
    """The type of a JSON list nested ``depth`` deep, for a strict decoder; the bare element at depth 0."""
    if depth:
        return list[nested_list(datatype, depth - 1)]  # type: ignore[misc]
    if datatype is Datatype.BYTES:
        return str
    if datatype is Datatype.BOOL:
        return bool
    return float if datatype.is_float else int


def flatten(nested: Any, depth: int) -> tuple[tuple[int, ...], Sequence[Any]]:
    """Shape and elements, in row-major order, of a list nested ``depth`` deep.

    Raises:
        InvalidInput: ragged.
    """
    if depth == 0:
        return (), (nested,)
    shape = [len(nested)]
    level: Sequence[Any] = nested
    for _ in range(depth - 1):
        lengths = set(map(len, level))
        if len(lengths) > 1:
            raise InvalidInput("nested lists must be rectangular")
        shape.append(lengths.pop() if lengths else 0)
        level = list(chain.from_iterable(level))
    return tuple(shape), level


def nest(values: Sequence[Any], shape: Sequence[int]) -> Any:
    """The inverse of ``flatten``: elements in row-major order as lists nested like ``shape``."""
    if not shape:
        return values[0]
    level: list[Any] = list(values)
    for depth in range(len(shape) - 1, 0, -1):
        axis = shape[depth]
        level = [level[i * axis : (i + 1) * axis] for i in range(math.prod(shape[:depth]))]
    return level
