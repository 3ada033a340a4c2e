"""What golden requests showed, held to what the manifest says."""

from __future__ import annotations

import random

import pytest

from serin.release.admission import Admission, beyond, nearest_rank
from serin.release.record import Settings

LIMITS = Settings(max_latency_ms=250, memory_mb=512, timeout_seconds=10)
BUY = "raise serving.memory_mb, or "
WITHIN = Admission(requests=100, p99_ms=250, memory_mb=460.8, init_ms=10_000, first_answer_ms=10_000)


def test_what_is_at_its_limits_is_within() -> None:
    assert list(beyond(WITHIN, LIMITS)) == []


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (
            Admission(requests=104, p99_ms=1250.254),
            "p99 of 104 golden requests is 1,250.3 ms, serving.latency_target_ms is 250: " + BUY + "the target",
        ),
        (
            Admission(memory_mb=461.0),
            "golden requests took 461 MB, more than 90% of serving.memory_mb, which is 512: raise it to 513 at least",
        ),
        (
            Admission(init_ms=10_240.0),
            "a start takes 10.24 s, and Lambda ends one after 10 s and begins it anew: "
            + BUY
            + "set serving.snap_start",
        ),
        (
            Admission(init_ms=9_900, first_answer_ms=12_345),
            "a first answer takes 12.345 s with the start before it, serving.timeout_seconds is 10: raise that, or "
            + (BUY + "set serving.snap_start"),
        ),
    ],
)
def test_what_is_beyond_says_what_to_change(found: Admission, problem: str) -> None:
    assert list(beyond(found, LIMITS)) == [problem]


def test_the_memory_that_is_asked_for_is_enough() -> None:
    for memory_mb in (115.3, 461.0, 923.4, 9000.5):
        (problem,) = beyond(Admission(memory_mb=memory_mb), Settings(memory_mb=memory_mb))
        given = float(problem.split("raise it to ")[1].split()[0])
        assert list(beyond(Admission(memory_mb=memory_mb), Settings(memory_mb=given))) == []


@pytest.mark.parametrize(("found", "limits"), [(Admission(), LIMITS), (WITHIN, Settings())])
def test_what_is_not_known_or_not_limited_condemns_nobody(found: Admission, limits: Settings) -> None:
    assert list(beyond(found, limits)) == []


@pytest.mark.parametrize("count", [1, 2, 99, 100, 101, 1000])
def test_the_percentile_is_a_value_that_so_many_do_not_exceed(count: int) -> None:
    draw = random.Random(count)  # noqa: S311 - a sample that can be repeated
    values = [draw.lognormvariate(0, 1) for _ in range(count)]
    found = nearest_rank(values, 0.99)
    assert found in values
    assert found is not None
    assert sum(value <= found for value in values) / count >= 0.99
    assert sum(value < found for value in values) / count < 0.99


def test_nothing_has_no_percentile() -> None:
    assert nearest_rank([], 0.99) is None
