"""How a new version gets its traffic: judged step by step, or by the clock with an alarm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Final, Protocol

from cli.release.draws import binomial, poisson
from cli.release.traffic import Traffic
from serin.release.judge import judge
from serin.release.judgement import Verdict
from serin.release.policy import Policy
from serin.release.window import Window


class Ending(StrEnum):
    """How a release ended, or that it had not when its time was up."""

    PROMOTED = "promoted"
    ROLLED_BACK = "rolled_back"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One simulated release. ``shares``: minute from which the new version had which share of the traffic."""

    ending: Ending
    minutes: float
    shares: tuple[tuple[float, float], ...]

    def exposure(self, until: float) -> float:
        """Minutes of the whole traffic that the new version had up to the minute ``until``, whole or not."""
        ends = [*(minute for minute, _ in self.shares[1:]), until]
        spans = zip(self.shares, ends, strict=True)
        return sum(share * max(0.0, min(end, until) - begin) for (begin, share), end in spans)


class Schedule(Protocol):
    """A way to release."""

    @property
    def name(self) -> str: ...

    def run(self, random: Random, traffic: Traffic) -> Outcome:
        """One release."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """The judge looks every ``bake_minutes`` and decides; ``steps`` are percent.

    ``golden``: requests replayed to both versions after each look that knew too little.
    """

    steps: tuple[int, ...]
    bake_minutes: float
    max_duration_minutes: float
    policy: Policy
    golden: int = 0

    @property
    def name(self) -> str:
        """For a table."""
        return "judged " + ", ".join(f"{step} %" for step in self.steps) if self.steps else "all at once"

    def run(self, random: Random, traffic: Traffic) -> Outcome:
        """One release, to its verdict or to the end of its time."""
        new, stable, minute = Window(), Window(), 0.0
        shares: list[tuple[float, float]] = []
        for step, following in zip(self.steps, [*self.steps[1:], 100], strict=True):
            shares.append((minute, step / 100))
            verdict = Verdict.NOT_ENOUGH_DATA
            while verdict is not Verdict.PROMOTE:
                if minute + self.bake_minutes > self.max_duration_minutes:
                    return Outcome(Ending.HELD, minute, tuple(shares))
                seen = traffic.seen(random, self.bake_minutes, step / 100)
                new, stable, minute = new + seen[0], stable + seen[1], minute + self.bake_minutes
                verdict = judge(new, stable, policy=self.policy, share=following / 100).verdict
                if verdict is Verdict.ROLL_BACK:
                    return Outcome(Ending.ROLLED_BACK, minute, (*shares, (minute, 0.0)))
                if verdict is Verdict.NOT_ENOUGH_DATA and self.golden:
                    replayed = traffic.replayed(random, self.golden)
                    new, stable = new + replayed[0], stable + replayed[1]
        return Outcome(Ending.PROMOTED, minute, (*shares, (minute, 1.0)))


@dataclass(frozen=True, kw_only=True)
class Fixed:
    """Shares by the clock, ``plan`` in (minutes, percent), then all.

    An alarm looks at the new version's error rate, minute by minute, and ends the release where it is ``alarm`` or
    more: as CodeDeploy does with CloudWatch alarms of one period.
    """

    name: str
    plan: Sequence[tuple[int, int]]
    alarm: float

    def run(self, random: Random, traffic: Traffic) -> Outcome:
        """One release, to the alarm or to the end of the plan."""
        shares: list[tuple[float, float]] = []
        minute = 0
        for minutes, percent in self.plan:
            shares.append((minute, percent / 100))
            for _ in range(minutes):
                minute += 1
                requests = poisson(random, traffic.rate * percent / 100)
                errors = binomial(random, requests, traffic.new.error_rate)
                if errors and errors >= self.alarm * requests:
                    return Outcome(Ending.ROLLED_BACK, minute, (*shares, (minute, 0.0)))
        return Outcome(Ending.PROMOTED, minute, (*shares, (minute, 1.0)))


_TENTHS: Final = range(10, 100, 10)


def usual(alarm: float) -> list[Fixed]:
    """The schedules that other tools come with."""
    return [
        Fixed(name="canary 10 %, 5 minutes", plan=[(5, 10)], alarm=alarm),
        Fixed(name="linear 10 % a minute", plan=[(1, tenth) for tenth in _TENTHS], alarm=alarm),
        Fixed(name="linear 10 % in 10 minutes", plan=[(10, tenth) for tenth in _TENTHS], alarm=alarm),
    ]
