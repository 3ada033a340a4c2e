"""Every scenario at every traffic, by the real judge: the table of docs/judge.md."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cli.release.outcomes import Summary, simulate
from cli.release.schedules import Ending, Judged
from cli.release.table import duration, percent
from cli.release.traffic import Behaviour, Traffic

TRAFFIC: Final = {"10/h": 10 / 60, "1/m": 1.0, "1/s": 60.0, "10/s": 600.0, "100/s": 6_000.0, "1000/s": 60_000.0}
"""Requests a minute, by name."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A pair of versions. ``bad``: the new one is beyond a margin of the defaults, and not to be promoted."""

    name: str
    new: Behaviour
    stable: Behaviour
    bad: bool


_GOOD: Final = Behaviour(error_rate=0.001)
_FAILING: Final = Behaviour(error_rate=0.05)

SCENARIOS: Final = (
    Scenario(name="good", new=_GOOD, stable=_GOOD, bad=False),
    Scenario(name="stable fails at 5 %, new alike", new=_FAILING, stable=_FAILING, bad=False),
    Scenario(
        name="just within all margins",
        new=Behaviour(error_rate=0.0105, latency_factor=1.18, shift=0.095),
        stable=_GOOD,
        bad=False,
    ),
    Scenario(name="5 % errors", new=_FAILING, stable=_GOOD, bad=True),
    Scenario(
        name="p99 x 3",
        new=Behaviour(error_rate=0.001, latency_factor=3, slow_share=0.05),
        stable=_GOOD,
        bad=True,
    ),
    Scenario(name="predictions shifted by 0.3", new=Behaviour(error_rate=0.001, shift=0.3), stable=_GOOD, bad=True),
)


def proof(schedule: Judged, *, releases: int, seed: int) -> Iterator[str]:
    """Lines of a Markdown table, as they become known."""
    yield "| new version | traffic | promoted | rolled back | no verdict | median time to it | bad answers |"
    yield "|---|---|---|---|---|---|---|"
    for scenario in SCENARIOS:
        for name, rate in TRAFFIC.items():
            traffic = Traffic(rate=rate, new=scenario.new, stable=scenario.stable)
            horizon = schedule.max_duration_minutes
            yield _row(scenario, name, simulate(schedule, traffic, releases=releases, seed=seed, horizon=horizon))


def _row(scenario: Scenario, traffic: str, summary: Summary) -> str:
    shares = (percent(summary.share(ending)) for ending in Ending)
    answers = f"{summary.bad_answers():,.0f}" if scenario.bad else "-"
    return f"| {' | '.join([scenario.name, traffic, *shares, duration(summary.minutes()), answers])} |"
