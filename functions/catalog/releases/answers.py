"""Records of releases, as the API tells them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from functions.catalog.releases.schemas import (
    AdmissionFigures,
    Asked,
    Counts,
    MeasureEvidence,
    ReleaseDetail,
    ReleasedVersion,
    ReleaseList,
    ReleaseSettings,
    ReleaseSummary,
    VersionCounts,
)
from serin.release.judgement import Evidence
from serin.release.record import Release, Settings
from serin.release.window import Window


def release_list(model: str, releases: Sequence[Release]) -> ReleaseList:
    """Each in short."""
    return ReleaseList(model=model, releases=tuple(ReleaseSummary(**_summary(each)) for each in releases))


def release_detail(release: Release) -> ReleaseDetail:
    """All that is known of it."""
    judgement, wish, admission = release.judgement, release.wish, release.admission
    return ReleaseDetail(
        **_summary(release),
        model=release.model,
        step_since=_time(release.step_since),
        counted_until=_time(release.observed_until),
        admission=AdmissionFigures(**asdict(admission)) if admission else None,
        counts=Counts(new=_counts(release.new_window), stable=_counts(release.stable_window)),
        evidence=tuple(_evidence(one) for one in judgement.evidence) if judgement else (),
        settings=_settings(release.settings),
        asked=Asked(kind=wish.kind, why=wish.why, by=wish.by) if wish else None,
        ignored_alarms=release.ignored_alarms,
    )


def _summary(release: Release) -> dict[str, Any]:
    judgement = release.judgement
    return {
        "number": release.number,
        "status": release.status,
        "new": ReleasedVersion(deployment=release.new, version=release.model_version),
        "stable": ReleasedVersion(deployment=release.stable, version=release.stable_model_version),
        "weight": _weight(release),
        "step": release.step + 1 if release.step >= 0 else None,
        "steps": release.settings.steps,
        "started_at": _time(release.started_at),
        "updated_at": _time(release.updated_at),
        "by": release.by,
        "start_reason": release.start_reason,
        "reason": release.reason,
        "verdict": judgement.verdict if judgement else None,
        "words": judgement.why if judgement else None,
    }


def _weight(release: Release) -> float:
    """What the alias was last seen to be; a change that is planned may still be to be made."""
    alias = release.target if release.is_settled else release.previous
    if alias.canary == release.new:
        return round(alias.percent / 100, 6)
    return 1.0 if alias.version == release.new else 0.0


def _counts(window: Window) -> VersionCounts:
    return VersionCounts(
        requests=window.requests,
        errors=window.errors,
        replayed_requests=window.replayed_requests,
        replayed_errors=window.replayed_errors,
        predictions=dict(window.predictions),
    )


def _evidence(one: Evidence) -> MeasureEvidence:
    return MeasureEvidence(
        measure=one.measure,
        new=one.new,
        stable=one.stable,
        low=one.low,
        high=one.high,
        margin=one.margin,
        new_count=one.new_count,
        stable_count=one.stable_count,
        verdict=one.verdict,
    )


def _settings(settings: Settings) -> ReleaseSettings:
    return ReleaseSettings(
        bake_seconds=settings.bake_seconds,
        max_seconds=settings.max_seconds,
        on_insufficient_data="hold" if settings.hold else "rollback",
        max_error_increase=settings.max_error_increase,
        max_latency_increase=settings.max_latency_increase,
        max_prediction_shift=settings.max_prediction_shift,
        max_latency_ms=settings.max_latency_ms,
    )


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
