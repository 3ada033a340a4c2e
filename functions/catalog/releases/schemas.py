"""Bodies of the answers about releases, as the OpenAPI document shows them. What is not known is left out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from serin.release.judgement import Verdict
from serin.release.record import Status, WishKind


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class ReleasedVersion(_Answer):
    """A published function version, and which version of the model it is."""

    deployment: str = Field(description="Number of the published function version.")
    version: str = Field(description="The model's own version; `unknown` where no record tells.")


class ReleaseSummary(_Answer):
    """One release: where it is, and why."""

    number: int = Field(ge=1, description="Counts the model's releases.")
    status: Status
    new: ReleasedVersion
    stable: ReleasedVersion
    weight: float = Field(
        ge=0, le=1, description="Share of the model's requests that the release has the new version answer."
    )
    step: int | None = Field(None, ge=1, description="Which of `steps` it is at; none before the first.")
    steps: tuple[int, ...] = Field(description="Percent of the requests, step by step; empty is all at once.")
    started_at: datetime
    updated_at: datetime
    by: str = Field(description="Who asked for it.")
    start_reason: str = Field(description="Why it was asked for.")
    reason: str = Field(description="Why it is as it is: at its end, why it ended so.")
    verdict: Verdict | None = Field(None, description="The judge's last word; none before it has looked.")
    words: str | None = Field(None, description="The verdict for people.")


class ReleaseList(_Answer):
    """Answer of `GET /releases/{model}`."""

    model: str
    releases: tuple[ReleaseSummary, ...] = Field(description="Newest first.")


class VersionCounts(_Answer):
    """What one version has answered since the release began to count."""

    requests: int = Field(description="Clients' requests, whatever the answer.")
    errors: int = Field(description="Those with a status of 500 or more.")
    replayed_requests: int = Field(description="Golden requests that the release sent itself.")
    replayed_errors: int
    predictions: Mapping[str, int] = Field(description="Rows by the baseline's bin of their prediction.")


class Counts(_Answer):
    """Both versions, over the same minutes."""

    new: VersionCounts
    stable: VersionCounts


class MeasureEvidence(_Answer):
    """One measure of both versions.

    Differences are of rates (`error_rate`), a share of the stable version's latency, or the distance of the
    distributions (`prediction_shift`).
    """

    measure: str = Field(description="error_rate, latency_p50, latency_p95, latency_p99 or prediction_shift.")
    new: float | None = Field(None, description="Estimate, latencies in milliseconds; none where nothing is known.")
    stable: float | None = Field(None, description="Estimate, latencies in milliseconds; none where nothing is known.")
    low: float = Field(description="Lower bound of the difference; it holds at every look.")
    high: float = Field(description="Upper bound of the difference; it holds at every look. 100 and more is none yet.")
    margin: float = Field(description="The difference that is allowed.")
    new_count: int
    stable_count: int
    verdict: Verdict


class AdmissionFigures(_Answer):
    """What golden requests showed before the version had traffic. What could not be measured is left out."""

    problems: tuple[str, ...] = Field(description="Why the version was refused; none where it was admitted.")
    requests: int = Field(description="Golden requests that were measured.")
    p99_ms: float | None = Field(None, description="99th percentile of their time within the process.")
    memory_mb: float | None = Field(None, description="The most that a process held.")
    init_ms: float | None = Field(None, description="The longest start of a process.")
    first_answer_ms: float | None = Field(None, description="That and its first prediction.")


class ReleaseSettings(_Answer):
    """How the release goes, as the manifest's `release` said it when it began."""

    bake_seconds: float
    max_seconds: float
    on_insufficient_data: Literal["hold", "rollback"]
    max_error_increase: float
    max_latency_increase: float
    max_prediction_shift: float | None = Field(None, description="None where predictions are not compared.")
    max_latency_ms: float | None = Field(None, description="The p99 that a new version alone is held to.")


class Asked(_Answer):
    """What a person, or a newer deploy, has asked of the release and it has not done yet."""

    kind: WishKind
    why: str
    by: str


class ReleaseDetail(ReleaseSummary):
    """Answer of `GET /releases/{model}/{number}`."""

    model: str
    step_since: datetime
    counted_until: datetime = Field(description="Up to when requests are in `counts`.")
    admission: AdmissionFigures | None = None
    counts: Counts
    evidence: tuple[MeasureEvidence, ...] = Field(description="Of the judge's last word; empty before it has looked.")
    settings: ReleaseSettings
    asked: Asked | None = None
    ignored_alarms: tuple[str, ...] = Field(description="Alarms that were raised before it began.")
