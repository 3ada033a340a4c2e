"""Header lines into one value a name, the same for every transport."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from serin.errors import MalformedRequest

_SINGLE: Final = frozenset(
    {"content-type", "content-encoding", "content-length", "inference-header-content-length", "traceparent"}
)
"""Headers that decide how a request is read."""


def join_headers(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Lower-case names; several values of a name side by side, sorted, so that their order says nothing.

    Raises:
        MalformedRequest: a header that decides how the request is read has two values. Nobody may choose.
    """
    pairs = tuple(pairs)
    joined = {name.lower(): value for name, value in pairs}
    if len(joined) == len(pairs):  # no name stands twice
        return joined
    joined.clear()
    several: dict[str, set[str]] = {}
    for name, value in pairs:
        name = name.lower()
        if joined.setdefault(name, value) != value:
            several.setdefault(name, {joined[name]}).add(value)
    for name, found in several.items():
        if name in _SINGLE:
            raise MalformedRequest("a header stands twice with different values")
        joined[name] = ", ".join(sorted(found))
    return joined
