"""The rule by which ``--auto`` names the winner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

TIE: Final = 0.05
"""Of the p50: what is nearer than this is a tie, as it would be another way round on another day."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A variant in the running. ``fit``: it passes every gate, and may be batched wherever the model is."""

    name: str
    p50_ms: float
    stored_bytes: int
    fit: bool


def choose(present: Candidate, others: Sequence[Candidate]) -> str:
    """The name of the winner.

    It is the fit variant with the smallest p50; of those within 5 % of that, the one with the smallest file. The model
    stays as it is unless the winner's p50 is more than 5 % below its own.
    """
    faster = [one for one in others if one.fit and one.p50_ms < (1 - TIE) * present.p50_ms]
    if not faster:
        return present.name
    fastest = min(one.p50_ms for one in faster)
    tied = [one for one in faster if one.p50_ms <= fastest * (1 + TIE)]
    return min(tied, key=lambda one: (one.stored_bytes, one.p50_ms)).name
