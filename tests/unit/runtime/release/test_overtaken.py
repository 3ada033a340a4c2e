"""Releases beside others that change the same things, and what cannot be told, seen or done."""

from __future__ import annotations

import pytest

from serin.release.record import Status, Traffic, Wish, WishKind
from tests.unit.runtime.release.world import MODEL, World

STABLE = Traffic(version="1")
ABORT = Wish(kind=WishKind.ABORT, why="looks odd", by="ada")


def share(percent: float) -> Traffic:
    return Traffic(version="1", canary="2", percent=percent)


def test_a_look_that_was_overtaken_does_not_bring_traffic_back_to_a_version_that_was_stopped() -> None:
    world = World()
    world.start()
    reads: list[None] = []
    read = world.alias.read

    def overtaken() -> Traffic:
        """Planned is 5 %; before the alias is read, a person's abort makes it so, and stable again."""
        reads.append(None)
        if len(reads) == 3:  # as it was, with the golden answers, as it is planned
            world.controller.wish(MODEL, 1, ABORT)
        return read()

    world.alias.read = overtaken  # type: ignore[method-assign]
    assert world.controller.look(MODEL, 1) is None
    assert world.store.read(MODEL, 1).status is Status.ABORTED
    assert world.alias.history == [share(5), STABLE]


def test_two_releases_that_begin_at_once_follow_one_another() -> None:
    world = World()
    world.start()
    world.look()
    read, others = world.alias.read, ["3"]

    def overtaken() -> Traffic:
        """Once the first release is superseded, another deploy begins one."""
        if others and world.store.read(MODEL, 1).status.is_final:
            world.start(others.pop())
        return read()

    world.alias.read = overtaken  # type: ignore[method-assign]
    release = world.start("4")
    assert (release.number, release.new) == (3, "4")
    assert [world.store.read(MODEL, number).status for number in (1, 2)] == [Status.SUPERSEDED] * 2


def test_a_world_that_cannot_be_told_does_not_keep_the_alias_from_going_back() -> None:
    world = World()
    world.start()
    world.look()
    world.is_deaf = True
    world.senses.raised = ("Errors",)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="EventBridge"):
            world.look()
        assert world.alias.now == STABLE
    world.is_deaf = False
    assert world.look() is None
    assert [event for event, _ in world.told] == ["started", "shifted", "rolled_back"]


def test_what_cannot_be_seen_does_not_keep_an_abort_back() -> None:
    world = World()
    world.start()
    world.look()

    def fail() -> tuple[str, ...]:
        raise RuntimeError("CloudWatch does not answer")

    world.senses.alarms = fail  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="CloudWatch"):
        world.look()
    assert world.controller.wish(MODEL, 1, ABORT).status is Status.ABORTED
    assert world.alias.now == STABLE


def test_an_alarm_that_is_raised_while_golden_cases_are_asked_does_not_condemn_the_new_version() -> None:
    world = World()
    world.start()
    world.senses.raised = ("Errors",)
    assert world.run().status is Status.PROMOTED


def test_an_alarm_that_is_over_and_raised_once_more_stops_a_release() -> None:
    world = World()
    world.senses.raised = ("Errors",)
    world.start()
    world.look()
    world.senses.raised = ()
    world.look()
    world.senses.raised = ("Errors",)
    assert world.look() is None
    assert world.store.read(MODEL, 1).status is Status.ROLLED_BACK


@pytest.mark.parametrize("percent", [5, 50])
def test_a_share_that_lambda_does_not_take_ends_the_release_on_the_stable_version(percent: float) -> None:
    world = World()
    world.alias.refused = [share(percent)]
    world.start()
    release = world.run()
    assert (release.status, world.alias.now) == (Status.ROLLED_BACK, STABLE)
    assert release.reason == f"the alias cannot be on version 1, with {percent:g} % on 2: no such version"
    assert world.start("3").number == 2, "and holds no later one up"


def test_a_stable_version_that_is_gone_is_told_and_the_alias_left_as_it_is() -> None:
    world = World(bad=True)
    world.start()
    world.look()
    world.alias.refused = [STABLE]
    release = world.run()
    assert (release.status, world.alias.now) == (Status.INTERRUPTED, share(5))
    assert release.reason == "the alias cannot be on version 1: no such version; it is left as it is"


def test_going_back_that_is_asked_for_twice_is_one_release() -> None:
    world = World()
    world.start()
    world.run()
    first = world.controller.replace_at_once(world.request("1", "by hand"))
    assert world.controller.replace_at_once(world.request("1", "by hand")) == first
    assert len(world.store.items) == 2


def test_a_long_reason_is_cut_short() -> None:
    world = World()
    world.senses.wrong["2"] = ("x" * 1_000_000,)
    world.start()
    assert len(world.run().reason) == 2000
