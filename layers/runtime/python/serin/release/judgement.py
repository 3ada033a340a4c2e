"""What is concluded of a new version: one of three verdicts, and the evidence for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """Whether the new version may go on."""

    PROMOTE = "promote"
    ROLL_BACK = "rollback"
    NOT_ENOUGH_DATA = "not_enough_data"


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One measure of both versions.

    ``measure``: error_rate, latency_p50, latency_p95, latency_p99 or prediction_shift. ``new``, ``stable``: estimates;
    None where nothing is known. ``low``, ``high``: bounds of the difference that hold at every look. ``margin``: the
    difference that is allowed. ``new_count``, ``stable_count``: how many observations.
    """

    measure: str
    new: float | None
    stable: float | None
    low: float
    high: float
    margin: float
    new_count: int
    stable_count: int
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """A verdict over all measures, in words too."""

    verdict: Verdict
    why: str
    evidence: tuple[Evidence, ...]
