"""Golden cases: known rows with the answers that the training framework gave.

Works on answers, so the same cases test a process, an endpoint and a new version before its release.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from serin.comparison import differences
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
