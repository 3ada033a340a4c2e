"""Releases from their start to their end, over stores in memory and a judge that only counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from serin.release.controller import NoRelease
from serin.release.judgement import Evidence, Judgement, Verdict
from serin.release.record import Settings, Status, Traffic, Wish, WishKind
from serin.release.steps import Action, Observation, Wait, next_action
from tests.unit.runtime.release.world import MODEL, SETTINGS, World

STABLE = Traffic(version="1")
ABORT = Wish(kind=WishKind.ABORT, why="looks odd", by="ada")
PROMOTE = Wish(kind=WishKind.PROMOTE, why="it is urgent", by="ada")


def share(percent: float) -> Traffic:
    return Traffic(version="1", canary="2", percent=percent)


def test_a_good_release_goes_up_its_steps_and_ends_on_the_new_version_alone() -> None:
    world = World()
    world.start()
    release = world.run()
    assert (release.status, release.reason) == (Status.PROMOTED, release.judgement.why if release.judgement else "")
    assert world.alias.history == [share(5), share(50), Traffic(version="2")]
    assert [event for event, _ in world.told] == ["started", "shifted", "shifted", "promoted"]


def test_the_judge_is_told_what_share_comes_next() -> None:
    world = World()
    world.start()
    world.run()
    assert list(dict.fromkeys(world.shares)) == [0.5, 1.0]


def test_each_step_bakes_its_time() -> None:
    world = World()
    world.start()
    world.run()
    assert world.time - 1000 >= 2 * SETTINGS.bake_seconds


def test_both_versions_are_counted_over_the_same_seconds_each_once() -> None:
    world = World()
    world.start()
    world.run()
    ends = [since for since, _ in world.senses.spans[1:]]
    assert ends == [until for _, until in world.senses.spans[:-1]]
    assert set(world.senses.beginnings) == {world.senses.spans[0][0]}


def test_wrong_golden_answers_refuse_a_version_before_it_has_any_traffic() -> None:
    world = World()
    world.senses.wrong["2"] = ("case 3: prediction.value: 2 is not within 0.1 of 1",)
    world.start()
    release = world.run()
    assert release.status is Status.REFUSED
    assert release.reason.startswith("case 3")
    assert release.admission is not None
    assert release.admission.problems == world.senses.wrong["2"]
    assert world.alias.history == []


def test_what_the_golden_requests_showed_stays_in_the_record() -> None:
    world = World()
    world.start()
    world.look()
    world.alias.set(STABLE)
    release = world.run()
    assert release.admission is not None
    assert (release.status, release.admission.requests, release.admission.p99_ms) == (Status.INTERRUPTED, 100, 1.5)


def test_a_bad_release_goes_back_before_its_bake_is_over() -> None:
    world = World(bad=True)
    world.start()
    release = world.run()
    assert (release.status, world.alias.history) == (Status.ROLLED_BACK, [share(5), STABLE])
    assert world.time - 1000 < SETTINGS.bake_seconds


def test_without_traffic_a_release_holds_replays_golden_cases_and_is_never_promoted() -> None:
    world = World()
    world.senses.is_silent = True
    world.start()
    release = world.run(looks=100)
    assert release.status is Status.HELD
    assert world.alias.now == share(5)
    assert set(world.senses.replayed) == {"1", "2"}
    assert [event for event, _ in world.told].count("held") == 1


def test_a_held_release_goes_on_when_callers_come() -> None:
    world = World()
    world.senses.is_silent = True
    world.start()
    world.run(looks=10)
    world.senses.is_silent = False
    assert world.run().status is Status.PROMOTED


def test_when_time_is_up_a_release_that_nobody_called_goes_back_where_that_is_wanted() -> None:
    world = World()
    world.senses.is_silent = True
    world.start(settings=replace(SETTINGS, hold=False))
    release = world.run()
    assert (release.status, world.alias.now) == (Status.ROLLED_BACK, STABLE)
    assert world.time - 1000 >= SETTINGS.max_seconds


def test_all_at_once_is_live_after_its_golden_cases() -> None:
    world = World()
    world.start(settings=Settings())
    assert world.look() is None
    assert world.senses.asked == ["2"]
    assert world.alias.history == [Traffic(version="2")]
    assert world.store.read(MODEL, 1).status is Status.PROMOTED


def test_a_release_that_has_all_of_the_traffic_at_a_step_is_judged_before_it_ends() -> None:
    world = World(settings=replace(SETTINGS, steps=(100,)))
    world.start()
    release = world.run()
    assert (release.status, world.alias.history) == (Status.PROMOTED, [Traffic(version="2")])
    assert world.time - 1000 >= SETTINGS.bake_seconds
    assert set(world.shares) == {1.0}


def test_a_release_that_has_all_of_the_traffic_goes_back_at_once() -> None:
    world = World(settings=replace(SETTINGS, steps=(5, 100)))
    world.start()
    world.run(looks=5)
    assert world.alias.now == Traffic(version="2")
    world.senses.raised = ("Errors",)
    assert world.look() is None
    assert world.alias.history[-2:] == [Traffic(version="2"), STABLE]
    assert world.store.read(MODEL, 1).status is Status.ROLLED_BACK


def test_golden_cases_are_replayed_until_errors_and_speed_are_known() -> None:
    def judged(speed: Verdict) -> Action:
        known = Evidence(
            measure="", new=0, stable=0, low=0, high=0, margin=0, new_count=1, stable_count=1, verdict=speed
        )
        shift = replace(known, measure="prediction_shift", verdict=Verdict.NOT_ENOUGH_DATA)
        evidence = (replace(known, measure="latency_p99"), shift)
        found = Judgement(verdict=Verdict.NOT_ENOUGH_DATA, why="", evidence=evidence)
        release = replace(held, step_since=0.0)
        return next_action(release, Observation(alias=share(5)), 1200.0, lambda *_: found)

    world = World()
    world.senses.is_silent = True
    world.start()
    held = world.run(looks=10)
    assert judged(Verdict.NOT_ENOUGH_DATA) == Wait(seconds=20.0, replay=True)
    assert judged(Verdict.PROMOTE) == Wait(seconds=20.0, replay=False)


def test_an_alarm_stops_a_release_at_its_next_look_which_is_within_the_minute() -> None:
    world = World()
    world.start()
    wait = world.look()
    assert wait is not None
    assert wait <= 30
    world.senses.raised = ("Errors",)
    assert world.look() is None
    assert world.alias.now == STABLE
    assert world.store.read(MODEL, 1).reason == "alarm raised: Errors"


def test_an_alarm_that_was_raised_before_does_not_condemn_the_new_version() -> None:
    world = World()
    world.senses.raised = ("Errors",)
    world.start()
    assert world.run().status is Status.PROMOTED


def test_an_abort_gives_the_stable_version_everything_at_once() -> None:
    world = World()
    world.start()
    world.look()
    release = world.controller.wish(MODEL, 1, ABORT)
    assert (release.status, release.reason) == (Status.ABORTED, "looks odd (ada)")
    assert world.alias.now == STABLE


def test_a_person_may_overrule_the_judge() -> None:
    world = World()
    world.senses.is_silent = True
    world.start()
    world.run(looks=10)
    release = world.controller.wish(MODEL, 1, PROMOTE)
    assert (release.status, release.reason) == (Status.PROMOTED, "it is urgent (ada)")
    assert world.alias.now == Traffic(version="2")


def test_a_person_does_not_overrule_the_golden_cases() -> None:
    world = World()
    world.senses.wrong["2"] = ("case 1: wrong",)
    world.start()
    assert world.controller.wish(MODEL, 1, PROMOTE).status is Status.REFUSED
    assert world.alias.history == []


def test_what_has_ended_takes_no_wish() -> None:
    world = World()
    world.start()
    world.run()
    with pytest.raises(NoRelease, match="release 1 of m is promoted; there is nothing to abort"):
        world.controller.wish(MODEL, 1, ABORT)


def test_a_second_release_supersedes_the_first_whose_stable_version_it_starts_from() -> None:
    world = World()
    world.start()
    world.look()
    second = world.start("3")
    assert world.store.read(MODEL, 1).status is Status.SUPERSEDED
    assert (second.number, second.stable, second.new) == (2, "1", "3")
    assert world.alias.now == STABLE
    world.run(2)
    assert world.look(1) is None
    assert world.alias.now == Traffic(version="3")


def test_the_same_deploy_asked_twice_starts_one_release() -> None:
    world = World()
    assert world.start() == world.start()
    assert len(world.store.items) == 1


def test_a_version_that_has_all_traffic_is_not_released_again() -> None:
    world = World()
    assert world.controller.start(world.request("1")) is None
    assert world.store.items == {}


def test_a_deploy_that_is_taken_back_during_its_release_ends_on_the_version_before() -> None:
    world = World()
    world.start()
    world.look()
    assert world.controller.start(world.request("1", "the rollback")) is None
    assert world.store.read(MODEL, 1).status is Status.SUPERSEDED
    assert world.alias.now == STABLE


@pytest.mark.parametrize("by_hand", [Traffic(version="7"), share(20), Traffic(version="2")])
def test_an_alias_edited_by_hand_is_noticed_and_left_as_it_is(by_hand: Traffic) -> None:
    world = World()
    world.start()
    world.look()
    world.alias.set(by_hand)
    assert world.look() is None
    release = world.store.read(MODEL, 1)
    assert release.status is Status.INTERRUPTED
    assert "which this release did not set; it is left so" in release.reason
    assert world.alias.now == by_hand


def test_a_release_does_not_begin_over_weights_that_a_hand_has_set() -> None:
    world = World()
    world.alias.set(share(20))
    world.start("3")
    assert world.run().status is Status.INTERRUPTED
    assert world.alias.now == share(20)


def test_going_back_is_asked_for_so_it_overwrites_what_a_hand_has_set() -> None:
    world = World()
    world.start()
    world.look()
    world.alias.set(share(20))
    release = world.controller.replace_at_once(world.request("1", "by hand"))
    assert (release.number, release.status, world.alias.now) == (2, Status.PROMOTED, STABLE)
    assert world.store.read(MODEL, 1).status is Status.INTERRUPTED


def test_going_back_ends_a_release_on_its_way_first() -> None:
    world = World()
    world.start()
    world.look()
    assert world.controller.replace_at_once(world.request("1", "by hand")).status is Status.PROMOTED
    assert world.store.read(MODEL, 1).status is Status.SUPERSEDED
    assert world.alias.now == STABLE
