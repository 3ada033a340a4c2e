"""A release whose controller is killed at random points ends as one that was left alone."""

from __future__ import annotations

from contextlib import suppress

import pytest

from serin.release.controller import Conflict, NoRelease
from serin.release.record import Release, Status, Wish, WishKind
from tests.unit.runtime.release.world import MODEL, Fate, Killed, World

SCHEDULES = range(400)


def retried_start(world: World, version: str) -> None:
    """As CloudFormation calls a function again that has died."""
    while True:
        with suppress(Killed):
            world.controller.start(world.request(version, f"deploy of {version}"))
            return


def retried_looks(world: World, number: int, looks: int) -> None:
    """As the state machine does."""
    for _ in range(looks):
        with suppress(Killed, Conflict):
            if world.look(number) is None:
                return


def surprise(world: World, number: int) -> None:
    """Something that happens amid a release, or nothing."""
    draw = world.fate.random.random()
    if draw < 0.2:
        kind = world.fate.random.choice([WishKind.ABORT, WishKind.PROMOTE])
        with suppress(Killed, NoRelease):
            world.controller.wish(MODEL, number, Wish(kind=kind, why="a whim", by="ada"))
    elif draw < 0.4:
        world.senses.raised = ("Errors",)
    elif draw < 0.5:
        world.senses.is_silent = True


def ends_well(world: World, release: Release) -> None:
    """On one version, which is the new one only where it was promoted, and everything has been told."""
    assert release.status.is_final
    expected = release.new if release.status is Status.PROMOTED else release.stable
    assert (world.alias.now.version, world.alias.now.canary) == (expected, None)
    told = {event for event, number in world.told if number == release.number}
    assert {"started", release.status.value} <= told


def lived_through(seed: int) -> tuple[World, Release]:
    world = World(fate=Fate(chance=0.15, seed=seed), bad=seed % 3 == 0)
    world.senses.wrong = {"2": ("wrong",)} if seed % 7 == 0 else {}
    retried_start(world, "2")
    retried_looks(world, 1, world.fate.random.randrange(12))
    surprise(world, 1)
    number = 1
    if seed % 2:
        retried_start(world, "3")
        number = 2
    retried_looks(world, number, 300)
    world.fate.chance = 0.0
    if not world.store.read(MODEL, number).status.is_final:  # it holds, as nobody calls
        world.controller.wish(MODEL, number, Wish(kind=WishKind.ABORT, why="enough", by="ada"))
    return world, world.run(number)


@pytest.mark.parametrize("seed", SCHEDULES)
def test_a_killed_release_ends_on_one_version_and_never_on_one_that_was_rolled_back(seed: int) -> None:
    world, release = lived_through(seed)
    ends_well(world, release)
    gone = {Status.ROLLED_BACK, Status.ABORTED, Status.REFUSED, Status.SUPERSEDED}
    for number in range(1, release.number + 1):
        each = world.store.read(MODEL, number)
        assert each.status.is_final
        if each.status in gone:
            assert world.alias.now.version != each.new
    assert Status.INTERRUPTED not in {world.store.read(MODEL, n).status for n in range(1, release.number + 1)}


def test_the_schedules_reach_every_ending_that_no_hand_at_the_alias_makes() -> None:
    found = {lived_through(seed)[1].status for seed in SCHEDULES}
    assert found >= {Status.PROMOTED, Status.ROLLED_BACK, Status.ABORTED, Status.REFUSED}
