"""Golden cases: known rows with the answers that the training framework gave.

Works on answers, so the same cases test a process, an endpoint and a new version before its release.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from serin.errors import ModelFolderError
from serin.manifest import Classification, Manifest, Regression, Tensors, Tolerance


class GoldenCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row as a predict request carries it, and the prediction that is due."""

    instance: dict[str, Any]
    prediction: dict[str, Any]


def read_golden(file: Path) -> list[GoldenCase]:
    """The cases of one ``golden.jsonl``.

    Raises:
        ModelFolderError: names the line that is no case.
    """
    cases = []
    for number, line in enumerate(file.read_bytes().splitlines(), start=1):
        try:
            cases.append(msgspec.json.decode(line, type=GoldenCase))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ModelFolderError(str(file), f"line {number}", str(error)) from None
    return cases


def tolerance_of(manifest: Manifest, output: str | None = None) -> Tolerance:
    """The tolerance of the output that predictions are read from, or of ``output``."""
    if isinstance(manifest.prediction, Classification):
        output = manifest.prediction.scores
    elif isinstance(manifest.prediction, Regression):
        output = manifest.prediction.value
    return next((tensor.tolerance for tensor in manifest.outputs if tensor.name == output), Tolerance())


def answer_differences(manifest: Manifest, answer: dict[str, Any], due: dict[str, Any]) -> Iterator[str]:
    """Where the prediction ``answer`` is not the one that is ``due``, each output within its own tolerance."""
    if not isinstance(manifest.prediction, Tensors) or answer.keys() != due.keys():
        yield from differences(answer, due, tolerance_of(manifest))
        return
    for output, value in due.items():
        yield from differences(answer[output], value, tolerance_of(manifest, output), f"prediction.{output}")


def differences(actual: Any, expected: Any, tolerance: Tolerance, path: str = "prediction") -> Iterator[str]:
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
