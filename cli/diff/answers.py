"""What two models answer to the same rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from cli.diff.turns import Measured
from serin.comparison import largest_difference
from serin.golden import answer_differences
from serin.manifest import Manifest


class AnswerDifferences(msgspec.Struct, frozen=True, kw_only=True):
    """Answers of B beside those of A.

    ``rows``: that A answers; of these ``refused`` by B, for the first in ``refusal``. ``beyond``: rows whose answers
    differ by more than A's tolerances, the first as in ``first``. ``largest``: absolute difference between numbers of
    answers; None where none can be compared. ``labels``: rows by label of A and other label of B.
    """

    rows: int
    refused: int
    refusal: str | None
    beyond: int
    first: str | None
    largest: float | None
    labels: dict[str, int]

    @property
    def alike(self) -> bool:
        """Whether B answers as A does, within tolerance."""
        return not self.refused and not self.beyond


def compare_answers(manifest: Manifest, a: Measured, b: Measured) -> AnswerDifferences:
    """Compare row by row. ``manifest``: that of A, whose tolerances are promised to clients."""
    answers = enumerate(zip(a.answers, b.answers, strict=True), start=1)
    pairs = [(number, x, y) for number, (x, y) in answers if x is not None]
    both = [(number, x, y) for number, x, y in pairs if y is not None]
    refusals = [b.refusals[number - 1] for number, _, y in pairs if y is None]
    problems = [(number, next(answer_differences(manifest, y, x), None)) for number, x, y in both]
    found = [f"row {number}: {problem}" for number, problem in problems if problem is not None]
    differences = [difference for _, x, y in both if (difference := _largest(x, y)) is not None]
    return AnswerDifferences(
        rows=len(pairs),
        refused=len(refusals),
        refusal=refusals[0] if refusals else None,
        beyond=len(found),
        first=found[0] if found else None,
        largest=max(differences, default=None),
        labels=_labels([(x, y) for _, x, y in both]),
    )


def _largest(a: dict[str, Any], b: dict[str, Any]) -> float | None:
    try:
        return largest_difference(b, a)
    except (KeyError, TypeError, ValueError):  # answers of another form
        return None


def _labels(pairs: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> dict[str, int]:
    changed = [(x["label"], y["label"]) for x, y in pairs if "label" in x and "label" in y and x["label"] != y["label"]]
    return {f"{before} to {after}": count for (before, after), count in sorted(Counter(map(_texts, changed)).items())}


def _texts(pair: tuple[Any, Any]) -> tuple[str, str]:
    return str(pair[0]), str(pair[1])
