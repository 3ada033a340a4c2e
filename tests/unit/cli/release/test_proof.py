from __future__ import annotations

import pytest
from scipy import stats

from cli.release.outcomes import simulate
from cli.release.proof import SCENARIOS, TRAFFIC, Scenario, proof
from cli.release.schedules import Ending, Judged
from cli.release.traffic import Traffic
from serin.manifest import Release
from serin.release.policy import policy_of

RELEASES = 15
POLICY = policy_of(Release())
# More have a probability below 0.1 % if each errs with 1 %.
MOST_WRONG = int(stats.binom(RELEASES, 0.01).isf(0.001))
JUDGED = Judged(steps=(5, 25, 50), bake_minutes=5, max_duration_minutes=240, policy=POLICY)


@pytest.mark.parametrize("rate", [TRAFFIC["10/h"], TRAFFIC["10/s"], TRAFFIC["1000/s"]])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_bad_releases_are_not_promoted_and_good_ones_not_rolled_back(scenario: Scenario, rate: float) -> None:
    traffic = Traffic(rate=rate, new=scenario.new, stable=scenario.stable)
    found = simulate(JUDGED, traffic, releases=RELEASES, seed=7, horizon=240)
    wrong = Ending.PROMOTED if scenario.bad else Ending.ROLLED_BACK
    assert sum(one.ending is wrong for one in found.outcomes) <= MOST_WRONG


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_where_there_is_traffic_there_is_a_verdict(scenario: Scenario) -> None:
    traffic = Traffic(rate=TRAFFIC["1000/s"], new=scenario.new, stable=scenario.stable)
    found = simulate(JUDGED, traffic, releases=RELEASES, seed=8, horizon=240)
    assert found.share(Ending.ROLLED_BACK if scenario.bad else Ending.PROMOTED) >= 1 - MOST_WRONG / RELEASES


def test_the_table_has_every_scenario_at_every_traffic() -> None:
    short = Judged(steps=(50,), bake_minutes=5, max_duration_minutes=5, policy=POLICY)
    rows = list(proof(short, releases=1, seed=1))
    assert len(rows) == 2 + len(SCENARIOS) * len(TRAFFIC)
    assert {row.count("|") for row in rows} == {8}
