from __future__ import annotations

from random import Random

import pytest

from cli.release.outcomes import Summary, simulate
from cli.release.schedules import Ending, Fixed, Judged, Outcome, usual
from cli.release.traffic import Behaviour, Traffic
from serin.manifest import Release
from serin.release.policy import policy_of

GOOD = Behaviour(error_rate=0.001)
BAD = Behaviour(error_rate=0.2)


def judged(golden: int = 0) -> Judged:
    policy = policy_of(Release())
    return Judged(steps=(5, 25, 50), bake_minutes=5, max_duration_minutes=60, policy=policy, golden=golden)


def test_a_good_version_goes_through_all_steps() -> None:
    outcome = judged().run(Random(1), Traffic(rate=60_000, new=GOOD, stable=GOOD))  # noqa: S311 - no secret
    assert outcome == Outcome(Ending.PROMOTED, 15, ((0, 0.05), (5, 0.25), (10, 0.5), (15, 1.0)))


def test_a_bad_version_goes_back_at_the_first_look() -> None:
    outcome = judged().run(Random(1), Traffic(rate=60_000, new=BAD, stable=GOOD))  # noqa: S311 - no secret
    assert outcome == Outcome(Ending.ROLLED_BACK, 5, ((0, 0.05), (5, 0.0)))


def test_a_version_that_nobody_calls_is_held_until_the_time_is_up() -> None:
    outcome = judged().run(Random(1), Traffic(rate=0.001, new=BAD, stable=GOOD))  # noqa: S311 - no secret
    assert outcome == Outcome(Ending.HELD, 60, ((0, 0.05),))


def test_replayed_requests_find_a_bad_version_without_clients() -> None:
    outcome = judged(golden=50).run(Random(1), Traffic(rate=0.001, new=BAD, stable=GOOD))  # noqa: S311 - no secret
    assert outcome.ending is Ending.ROLLED_BACK


def test_fixed_schedules_promote_what_nobody_called() -> None:
    quiet = Traffic(rate=0.001, new=BAD, stable=GOOD)
    found = [one.run(Random(1), quiet) for one in usual(0.01)]  # noqa: S311 - no secret
    assert [(one.ending, one.minutes) for one in found] == [(Ending.PROMOTED, minutes) for minutes in (5, 9, 90)]


def test_an_alarm_ends_a_fixed_schedule() -> None:
    schedule = Fixed(name="ten", plan=[(5, 10)], alarm=0.01)
    outcome = schedule.run(Random(1), Traffic(rate=1_000, new=BAD, stable=GOOD))  # noqa: S311 - no secret
    assert outcome == Outcome(Ending.ROLLED_BACK, 1, ((0, 0.1), (1, 0.0)))


@pytest.mark.parametrize(("until", "minutes"), [(0, 0), (4, 0.4), (10, 1), (15, 3.5), (20, 6), (30, 16)])
def test_exposure_is_minutes_of_the_whole_traffic(until: float, minutes: float) -> None:
    outcome = Outcome(Ending.PROMOTED, 20, ((0, 0.1), (10, 0.5), (20, 1.0)))
    assert outcome.exposure(until) == pytest.approx(minutes)


def test_figures_are_added_up() -> None:
    outcomes = [Outcome(Ending.PROMOTED, 10, ((0, 0.5), (10, 1.0))), Outcome(Ending.HELD, 60, ((0, 0.5),))]
    found = Summary("one", Traffic(rate=10, new=Behaviour(error_rate=0.101), stable=GOOD), 60, outcomes)
    assert (found.share(Ending.PROMOTED), found.minutes()) == (0.5, 10)
    assert (found.undecided(9), found.undecided(10)) == (1, 0.5)
    assert found.bad_answers() == pytest.approx((55 + 30) / 2)


def test_a_seed_says_all() -> None:
    traffic = Traffic(rate=600, new=GOOD, stable=GOOD)
    one, two = (simulate(judged(), traffic, releases=3, seed=5, horizon=60) for _ in range(2))
    assert one.outcomes == two.outcomes
