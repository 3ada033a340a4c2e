"""Admission: may a version have traffic, by what it did with golden requests while it had none."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

LONGEST_INIT_MS: Final = 10_000
"""Lambda ends a longer start and begins it anew, within the time of the request that waits for it.

Source: AWS Lambda developer guide, "Lambda execution environment lifecycle", init phase.
"""

MEMORY_SHARE: Final = 0.9
"""Of the function's memory, that golden requests may take: why so much, docs/decisions say."""


class Limits(Protocol):
    """What the manifest's ``serving`` holds a version to; None does not."""

    @property
    def max_latency_ms(self) -> float | None: ...
    @property
    def memory_mb(self) -> float | None: ...
    @property
    def timeout_seconds(self) -> float | None: ...


@dataclass(frozen=True, kw_only=True)
class Admission:
    """What golden requests showed. What is None could not be measured, which condemns nobody.

    ``problems``: why the version is refused, a line each; none admits it. ``requests``: answers of processes that had
    answered before; ``p99_ms``: of these. ``memory_mb``: the most that a process held. ``init_ms``: the longest start
    of a process; ``first_answer_ms``: that and its first prediction.
    """

    problems: tuple[str, ...] = ()
    requests: int = 0
    p99_ms: float | None = None
    memory_mb: float | None = None
    init_ms: float | None = None
    first_answer_ms: float | None = None


def nearest_rank(values: Sequence[float], share: float) -> float | None:
    """The smallest of ``values`` that at least ``share`` of them do not exceed; None where there are none."""
    return sorted(values)[math.ceil(share * len(values)) - 1] if values else None


def beyond(found: Admission, limits: Limits) -> Iterator[str]:
    """Where the figures of ``found`` are beyond ``limits``: what is, and what to change in the manifest."""
    latency, target = found.p99_ms, limits.max_latency_ms
    if latency is not None and target is not None and latency > target:
        what = f"p99 of {found.requests} golden requests is {_told(latency)} ms"
        yield f"{what}, serving.latency_target_ms is {_told(target)}: raise serving.memory_mb, or the target"
    memory, given = found.memory_mb, limits.memory_mb
    if memory is not None and given is not None and memory > MEMORY_SHARE * given:
        needed = math.ceil(memory / MEMORY_SHARE)
        what = f"golden requests took {_told(memory)} MB, more than {MEMORY_SHARE:.0%} of serving.memory_mb"
        yield f"{what}, which is {_told(given)}: raise it to {needed} at least"
    yield from _too_slow_to_start(found, limits.timeout_seconds)


def _too_slow_to_start(found: Admission, timeout_seconds: float | None) -> Iterator[str]:
    remedy = "raise serving.memory_mb, or set serving.snap_start"
    if found.init_ms is not None and found.init_ms > LONGEST_INIT_MS:
        what = f"a start takes {_told(found.init_ms / 1000)} s"
        yield f"{what}, and Lambda ends one after {LONGEST_INIT_MS // 1000} s and begins it anew: {remedy}"
    first = found.first_answer_ms
    if first is not None and timeout_seconds is not None and first > timeout_seconds * 1000:
        what = f"a first answer takes {_told(first / 1000)} s with the start before it"
        yield f"{what}, serving.timeout_seconds is {_told(timeout_seconds)}: raise that, or {remedy}"


def _told(value: float) -> str:
    return f"{value:,.5g}"
