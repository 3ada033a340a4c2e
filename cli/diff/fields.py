"""What two documents say differently, field by field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec


class Change(msgspec.Struct, frozen=True):
    """A field, as in ``features[age].range``, and its value on both sides; None where there is none."""

    field: str
    a: Any
    b: Any


def changes(a: Any, b: Any, field: str = "") -> Iterator[Change]:
    """Where plain data ``b`` differs from ``a``. Lists of named objects are compared by name, others as a whole."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in [*a, *(key for key in b if key not in a)]:
            yield from changes(a.get(key), b.get(key), f"{field}.{key}" if field else key)
    elif _are_named(a) and _are_named(b):
        yield from _named_changes(a, b, field)
    elif a != b:
        yield Change(field, a, b)


def _are_named(value: Any) -> bool:
    """Whether this is a list of objects that have names, no two the same."""
    if not isinstance(value, list) or not all(isinstance(item, dict) and "name" in item for item in value):
        return False
    names = [item["name"] for item in value]
    return len(set(names)) == len(names)


def _named_changes(a: list[Any], b: list[Any], field: str) -> Iterator[Change]:
    before, after = ({item["name"]: item for item in side} for side in (a, b))
    for name in [*before, *(name for name in after if name not in before)]:
        if name in before and name in after:
            yield from changes(before[name], after[name], f"{field}[{name}]")
        else:
            yield Change(f"{field}[{name}]", before.get(name), after.get(name))
    order_before, order_after = (
        [name for name in side if name in before and name in after] for side in (before, after)
    )
    if order_before != order_after:
        yield Change(f"{field}, order", order_before, order_after)
