"""Many simulated releases of one scenario, added up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean, median

from cli.release.schedules import Ending, Outcome, Schedule
from cli.release.traffic import Traffic


@dataclass(frozen=True, slots=True)
class Summary:
    """What became of ``outcomes``, one or more releases by ``schedule``; the first ``horizon`` minutes are counted."""

    schedule: str
    traffic: Traffic
    horizon: float
    outcomes: Sequence[Outcome]

    def share(self, ending: Ending) -> float:
        """Share of the releases that ended so."""
        return sum(one.ending is ending for one in self.outcomes) / len(self.outcomes)

    def minutes(self) -> float | None:
        """Median time to a verdict, of those that had one."""
        times = [one.minutes for one in self.outcomes if one.ending is not Ending.HELD]
        return median(times) if times else None

    def bad_answers(self, until: float | None = None) -> float:
        """Mean number of worse answers given up to a minute: by default, the horizon, promoted or not."""
        exposed = fmean(one.exposure(self.horizon if until is None else until) for one in self.outcomes)
        return exposed * self.traffic.rate * self.traffic.harm

    def undecided(self, minute: float) -> float:
        """Share of the releases that had no verdict at ``minute``."""
        return sum(one.ending is Ending.HELD or one.minutes > minute for one in self.outcomes) / len(self.outcomes)


def simulate(schedule: Schedule, traffic: Traffic, *, releases: int, seed: int, horizon: float) -> Summary:
    """``releases`` (1 or more) by ``schedule``; the same ``seed`` gives the same ones."""
    random = Random(seed)  # noqa: S311 - no secret
    outcomes = [schedule.run(random, traffic) for _ in range(releases)]
    return Summary(schedule.name, traffic, horizon, outcomes)
