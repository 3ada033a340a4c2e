"""Releases whose controller is killed at random points, while others come in between, end as those left alone."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, cast
from unittest.mock import patch

import pytest

from functions.release import commands
from functions.release.commands import Commands, execution_name
from functions.release.deployment import Deployer, Deployment
from functions.release.store import TableStore
from serin.release.controller import Conflict, NoRelease
from serin.release.record import Release, Status, Traffic, Wish, WishKind
from tests.unit.runtime.release.world import MODEL, SETTINGS, Fate, Killed, World

SEEDS = range(500)
STEPS = ((5, 50), (5, 50), (100,), (5, 100))
TRIES = 7
"""Of a task, by the state machine."""

INVOCATIONS = 3
"""Of a function that CloudFormation or EventBridge calls and that dies."""


@dataclass
class Execution:
    """Of the state machine, for one release."""

    number: int
    name: str
    leg: int
    looks: int = 0
    failures: int = 0


@dataclass
class Account:
    """What runs the controller: CloudFormation, the state machine, the rule that hears of executions that have ended.

    ``version``: what the stack has. ``by_hand``: what somebody has made the alias.
    """

    world: World
    version: str = "1"
    executions: list[Execution] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    by_hand: Traffic | None = None
    what: str = "nothing"

    def __post_init__(self) -> None:
        controller = self.world.controller
        self.commands = Commands(
            controller=controller, store=cast("TableStore", self.world.store), model=MODEL, run=self._run
        )
        self._deployer = Deployer(
            controller=controller, client=None, function="f", alias="live", run=lambda release: self._run(release, 1)
        )

    def deploy(self, version: str) -> None:
        """A stack's update. Where its resource never answers, CloudFormation takes the deploy back, and tries long."""
        before, self.version = self.version, version
        if not self._released(version, before, INVOCATIONS):
            self._released(before, version, 1000)
            self.version = before

    def stop_execution(self) -> None:
        """By hand."""
        if self.executions:
            self._restore(self.executions.pop())

    def edit(self, alias: Traffic) -> None:
        self.by_hand = alias
        self.world.alias.set(alias)

    def ask(self, command: dict[str, Any]) -> None:
        with suppress(Killed, NoRelease, Conflict):
            self.commands(command)

    def turn(self) -> None:
        """Each execution looks once, or tries to."""
        for execution in tuple(self.executions):
            is_over = execution in self.executions and self._looked(execution)
            if is_over and execution in self.executions:  # it may have been stopped meanwhile
                self.executions.remove(execution)

    def _released(self, version: str, before: str, invocations: int) -> bool:
        request = self.world.request(version, f"deploy of {version} after {before}")
        failed = before if int(before) > int(version) else None
        deployment = Deployment(request=request, failed=failed, is_first=False, warm_instances=None, was_warm=False)
        return self._survived(lambda: self._deployer(deployment), invocations)

    def _survived(self, act: Callable[[], object], times: int) -> bool:
        for _ in range(times):
            with suppress(Killed, Conflict):
                act()
                return True
        return False

    def _run(self, release: Release, leg: int) -> None:
        self.world.fate.strike()
        name = execution_name(release, leg)
        if name not in self.names:  # Step Functions takes a name once
            self.names.add(name)
            self.executions.append(Execution(release.number, name, leg))
        self.world.fate.strike()

    def _looked(self, execution: Execution) -> bool:
        """Whether it is over: ended, or given up after many tries."""
        with suppress(Killed, Conflict):
            at = {"number": execution.number, "looks": execution.looks, "leg": execution.leg}
            found = self.commands({"command": "look", **at})
            self.world.time += found["seconds"]
            execution.looks, execution.failures = found["looks"], 0
            return bool(found["done"])
        execution.failures += 1
        if execution.failures < TRIES:
            return False
        self._restore(execution)
        return True

    def _restore(self, execution: Execution) -> None:
        assert self._survived(lambda: self.commands({"command": "restore", "execution": execution.name}), 1000)


def surprise(account: Account, draw: random.Random) -> None:
    """What others do, in the midst of whatever is being done."""
    version = account.world.alias.now.version
    hands = [Traffic(version="9"), Traffic(version=version, canary="9", percent=20)]
    surprises: dict[str, Callable[[], object]] = {
        "nothing": lambda: None,
        "abort": lambda: account.ask({"command": "abort", "by": "ada", "reason": "a whim"}),
        "promote": lambda: account.ask({"command": "promote", "by": "ada", "reason": "a whim"}),
        "alarm": lambda: setattr(account.world.senses, "raised", ("Errors",)),
        "silence": lambda: setattr(account.world.senses, "is_silent", True),
        "deploy": lambda: account.deploy("3"),
        "stop": account.stop_execution,
        "hand": lambda: account.edit(draw.choice(hands)),
    }
    account.what = draw.choice(list(surprises))
    # Another process has read the alias for itself.
    revision = account.world.alias.read_revision
    surprises[account.what]()
    account.world.alias.read_revision = revision


@cache
def lived_through(seed: int) -> Account:
    with patch.object(commands, "_LOOKS", 4):
        return _lived_through(seed)


def _lived_through(seed: int) -> Account:
    draw = random.Random(seed)  # noqa: S311 - a schedule that can be repeated
    fate = Fate(chance=draw.choice([0.0, 0.1, 0.2]), seed=seed)
    world = World(fate=fate, bad=seed % 3 == 0, settings=replace(SETTINGS, steps=STEPS[seed % len(STEPS)]))
    world.senses.wrong = {"2": ("wrong",)} if seed % 7 == 0 else {}
    account = Account(world)
    world.fate.interrupt(draw.randrange(1, 60), lambda: surprise(account, draw))
    account.deploy("2")
    if draw.random() < 0.3:
        for _ in range(draw.randrange(30)):
            account.turn()
        account.deploy("3")
    for _ in range(300):
        account.turn()
    world.fate.chance = 0.0
    last = world.store.last(MODEL)
    if last is not None and last.status is Status.HELD:  # as nobody calls
        world.controller.wish(MODEL, last.number, Wish(kind=WishKind.ABORT, why="enough", by="ada"))
    account.turn()
    return account


def releases(account: Account) -> list[Release]:
    numbers = sorted(number for _, number in account.world.store.items)
    return [account.world.store.read(MODEL, number) for number in numbers]


@pytest.mark.parametrize("seed", SEEDS)
def test_whoever_is_killed_and_whatever_comes_between_every_release_ends_and_is_told(seed: int) -> None:
    account = lived_through(seed)
    assert account.executions == []
    for release in releases(account):
        assert release.status.is_final
        told = {event for event, number in account.world.told if number == release.number}
        assert {"started", release.status.value} <= told


@pytest.mark.parametrize("seed", SEEDS)
def test_the_alias_ends_on_one_version_and_never_on_one_that_was_stopped(seed: int) -> None:
    account = lived_through(seed)
    alias, every = account.world.alias.now, releases(account)
    if account.by_hand is None:
        assert Status.INTERRUPTED not in {release.status for release in every}
        assert alias.canary is None
    if every and every[-1].status is not Status.INTERRUPTED and alias != account.by_hand:
        assert alias.version == (every[-1].new if every[-1].status is Status.PROMOTED else every[-1].stable)
    promoted = {release.new for release in every if release.status is Status.PROMOTED}
    assert alias == account.by_hand or alias.version in promoted | {"1"} | {release.stable for release in every}


@pytest.mark.parametrize("seed", SEEDS)
def test_what_a_hand_has_set_stays_until_a_release_begins_from_it(seed: int) -> None:
    account = lived_through(seed)
    if account.by_hand is None:
        return
    history = account.world.alias.history
    later = history[history.index(account.by_hand) + 1 :]
    if account.by_hand.canary is not None:
        assert later == []
    assert all("9" in {alias.version, alias.canary} or alias.version == "3" for alias in later)


def test_the_schedules_reach_every_ending_and_every_surprise() -> None:
    lives = [lived_through(seed) for seed in SEEDS]
    assert {release.status for life in lives for release in releases(life)} == {
        status for status in Status if status.is_final
    }
    assert len({life.what for life in lives}) == 8
    assert any(life.version == "1" for life in lives), "a deploy that CloudFormation has taken back"
    assert any(name.split("-")[2] == "3" for life in lives for name in life.names), (
        "a release that outlasts an execution"
    )
