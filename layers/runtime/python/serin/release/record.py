"""What is kept of a release: enough for whoever picks it up where another was killed, and for people afterwards.

A record is written before the alias is touched (``target`` and ``previous``), so that whatever the alias says, the
record tells whether the change has been made, is still to be made, or was made by another hand.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from serin.release.admission import Admission
from serin.release.judgement import Judgement
from serin.release.window import Window

UNKNOWN: Final = "unknown"
"""The model version of a function version that no release has brought."""


class Status(StrEnum):
    """Where a release is. The first four are on the way, the others are ends."""

    ADMITTING = "admitting"
    BAKING = "baking"
    HELD = "held"
    ENDING = "ending"
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled_back"
    ABORTED = "aborted"
    SUPERSEDED = "superseded"
    REFUSED = "refused"
    INTERRUPTED = "interrupted"

    @property
    def is_undecided(self) -> bool:
        """Whether it is still open how this release ends."""
        return self in {Status.ADMITTING, Status.BAKING, Status.HELD}

    @property
    def is_final(self) -> bool:
        """Whether nothing of this release is to be done any more."""
        return not self.is_undecided and self is not Status.ENDING


class WishKind(StrEnum):
    """What may be asked of a release on its way."""

    ABORT = "abort"
    PROMOTE = "promote"
    SUPERSEDE = "supersede"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Asked from outside, obeyed at the next look: ``why`` and ``by`` whom, as they are to stand in the record."""

    kind: WishKind
    why: str
    by: str


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """An alias: ``version`` has all but ``percent`` of the calls, which ``canary`` has."""

    version: str
    canary: str | None = None
    percent: float = 0.0

    def __post_init__(self) -> None:
        if (self.canary is None) != (self.percent == 0):
            raise ValueError("a canary has a share of the traffic, and nobody else has one")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a release goes, as the manifest's ``release`` says it; times in seconds.

    ``steps``: percent of traffic, rising; after the last one a release ends. At 100 the new version has all of it and
    the release may still go back; none is all at once. ``hold``: whether a release that nobody calls waits on when its
    time is up, or goes back. ``max_prediction_shift``: None where bins of the predictions are not logged.
    ``max_latency_ms``: the p99 that the model is held to. ``memory_mb``, ``timeout_seconds``: what the function has.
    None of these three holds it to nothing.
    """

    steps: tuple[int, ...] = ()
    bake_seconds: float = 300.0
    max_seconds: float = 14400.0
    hold: bool = True
    max_error_increase: float = 0.01
    max_latency_increase: float = 0.2
    max_prediction_shift: float | None = 0.1
    max_latency_ms: float | None = None
    memory_mb: float | None = None
    timeout_seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class Release:
    """One release of one model. Times are seconds since the epoch.

    ``number``: counts a model's releases from 1. ``cause``: the id of what asked for it, which may ask twice.
    ``stable``, ``new``: function versions; ``stable_model_version``, ``model_version``: the model's own.
    ``start_reason``: why it was begun; ``reason``: why it is as it is. ``step``: index into the settings' steps, -1
    before the first. ``target``: what the alias is to be, ``previous`` what it was before; ``is_settled``: whether it
    has been seen to be so. ``ending``: the status to take once the alias is settled. ``admission``: what the golden
    requests showed, once they were sent. ``observed_from``, ``observed_until``: what the windows count, so far.
    ``ignored_alarms``: raised before the new version was called. ``untold``: what has happened and the world has not
    been told, in order. ``revision``: counts the writes, each of which names the one before it.
    """

    model: str
    number: int
    cause: str
    stable: str
    new: str
    model_version: str
    settings: Settings
    started_at: float
    target: Traffic
    previous: Traffic
    by: str
    stable_model_version: str = UNKNOWN
    start_reason: str = ""
    status: Status = Status.ADMITTING
    step: int = -1
    is_settled: bool = True
    ending: Status | None = None
    step_since: float = 0.0
    updated_at: float = 0.0
    observed_from: float = 0.0
    observed_until: float = 0.0
    admission: Admission | None = None
    new_window: Window = field(default_factory=Window)
    stable_window: Window = field(default_factory=Window)
    judgement: Judgement | None = None
    ignored_alarms: tuple[str, ...] = ()
    wish: Wish | None = None
    reason: str = ""
    untold: tuple[str, ...] = ()
    revision: int = 0


def begin(
    *,
    model: str,
    number: int,
    cause: str,
    stable: str,
    new: str,
    model_version: str,
    stable_model_version: str = UNKNOWN,
    settings: Settings,
    now: float,
    by: str,
    reason: str = "",
) -> Release:
    """A release that has done nothing yet: all traffic is on ``stable``."""
    alias = Traffic(version=stable)
    return Release(
        model=model,
        number=number,
        cause=cause,
        stable=stable,
        new=new,
        model_version=model_version,
        stable_model_version=stable_model_version,
        settings=settings,
        started_at=now,
        step_since=now,
        updated_at=now,
        observed_from=now,
        observed_until=now,
        target=alias,
        previous=alias,
        by=by,
        start_reason=reason,
        reason=reason,
        untold=("started",),
    )
