from __future__ import annotations

from random import Random

import pytest

from cli.release.traffic import Behaviour, Traffic
from serin.release.latency import quantile

PLAIN = Behaviour(error_rate=0.01)


def p99(version: Behaviour) -> float:
    counts = Traffic(rate=1e6, new=version, stable=PLAIN).seen(Random(1), 1, 1)[0].latencies  # noqa: S311 - no secret
    return quantile(counts, 0.99, low_risk=0.01, high_risk=0.01).estimate or 0.0


@pytest.mark.parametrize("version", [PLAIN, Behaviour(error_rate=0, latency_factor=3, slow_share=0.05, shift=0.35)])
def test_probabilities_add_up(version: Behaviour) -> None:
    assert sum(version.latencies) == pytest.approx(1)
    assert sum(version.predictions) == pytest.approx(1)
    assert min(*version.latencies, *version.predictions) >= 0


@pytest.mark.parametrize("slow_share", [1.0, 0.05])
def test_the_slowest_take_as_many_times_as_long(slow_share: float) -> None:
    slow = Behaviour(error_rate=0, latency_factor=3, slow_share=slow_share)
    assert p99(slow) / p99(PLAIN) == pytest.approx(3, rel=0.1)


@pytest.mark.parametrize("shift", [0.0, 0.05, 0.3, 0.9])
def test_a_shift_is_a_total_variation_distance(shift: float) -> None:
    both = zip(Behaviour(error_rate=0, shift=shift).predictions, PLAIN.predictions, strict=True)
    assert sum(max(0.0, a - b) for a, b in both) == pytest.approx(shift)


def test_a_window_adds_up() -> None:
    new, stable = Traffic(rate=1_000, new=PLAIN, stable=PLAIN).seen(Random(1), 10, 0.25)  # noqa: S311 - no secret
    assert new.requests == pytest.approx(2_500, rel=0.1)
    assert stable.requests == pytest.approx(7_500, rel=0.1)
    assert sum(new.latencies.values()) == new.requests == new.errors + sum(new.predictions.values())


def test_harm_is_what_the_stable_version_gives_better() -> None:
    slow = Behaviour(error_rate=0.03, latency_factor=2, slow_share=0.1, shift=0.2)
    assert Traffic(rate=1, new=slow, stable=PLAIN).harm == pytest.approx(0.32)
    assert Traffic(rate=1, new=PLAIN, stable=slow).harm == 0
