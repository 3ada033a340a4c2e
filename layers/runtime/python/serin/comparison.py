"""Answers beside the answers that are due. Standard library alone: images and zip functions compare alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol


class Allowance(Protocol):
    """How far a number may be from the one that is due: ``|a - b| <= absolute + relative * |b|``."""

    @property
    def absolute(self) -> float: ...

    @property
    def relative(self) -> float: ...


def differences(actual: Any, expected: Any, tolerance: Allowance, path: str = "prediction") -> Iterator[str]:
    """Where ``actual`` is not ``expected``: numbers within tolerance, everything else equal."""
    if isinstance(expected, dict) and isinstance(actual, dict) and expected.keys() == actual.keys():
        for key, value in expected.items():
            yield from differences(actual[key], value, tolerance, f"{path}.{key}")
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for i, value in enumerate(expected):
            yield from differences(actual[i], value, tolerance, f"{path}[{i}]")
    elif _is_number(expected) and _is_number(actual):
        allowed = tolerance.absolute + tolerance.relative * abs(expected)
        if not abs(actual - expected) <= allowed:
            yield f"{path}: {actual!r} is not within {allowed:g} of {expected!r}"
    elif actual != expected:
        yield f"{path}: {actual!r} is not {expected!r}"


def largest_difference(actual: Any, expected: Any) -> float:
    """Largest absolute difference between numbers that stand at the same place."""
    if isinstance(expected, dict):
        return max((largest_difference(actual[key], value) for key, value in expected.items()), default=0.0)
    if isinstance(expected, list):
        return max((largest_difference(a, e) for a, e in zip(actual, expected, strict=True)), default=0.0)
    return abs(actual - expected) if _is_number(expected) and _is_number(actual) else 0.0


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
