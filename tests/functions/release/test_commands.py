"""What people and the state machine ask, over the world in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import pytest

from functions.release.commands import Commands, execution_name
from functions.release.store import TableStore
from serin.release.controller import NoRelease
from serin.release.record import Release, Status, Traffic
from tests.unit.runtime.release.world import MODEL, MemoryStore, World


class Listed(MemoryStore):
    """Also tells the newest releases, as the table does."""

    def newest(self, model: str, count: int) -> list[Release]:
        last = self.last(model)
        return [] if last is None else [self.read(model, number) for number in range(last.number, 0, -1)][:count]


@dataclass
class Asked:
    """Commands, and the executions that they have started: number and leg."""

    world: World = field(default_factory=World)
    runs: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.world.store.__class__ = Listed
        self.commands = Commands(
            controller=self.world.controller,
            store=cast("TableStore", self.world.store),
            model=MODEL,
            run=lambda release, leg: self.runs.append((release.number, leg)),
        )


@pytest.fixture
def asked() -> Asked:
    found = Asked()
    found.world.start()
    return found


WHY = {"by": "ada", "reason": "because"}


def test_a_look_says_when_to_look_again(asked: Asked) -> None:
    assert asked.commands({"command": "look", "number": 1, "looks": 0, "leg": 1}) == {
        "number": 1,
        "looks": 1,
        "leg": 1,
        "done": False,
        "seconds": 20,
    }


def test_a_look_at_what_has_ended_is_the_last(asked: Asked) -> None:
    asked.world.run()
    assert asked.commands({"command": "look", "number": 1, "looks": 5, "leg": 1})["done"] is True


def test_after_many_looks_another_execution_takes_over(asked: Asked) -> None:
    assert asked.commands({"command": "look", "number": 1, "looks": 999, "leg": 1})["done"] is True
    assert asked.runs == [(1, 2)]


def test_a_controller_that_cannot_go_on_gives_the_stable_version_everything(asked: Asked) -> None:
    asked.world.look()
    assert asked.commands({"command": "restore", "number": 1})["status"] == "aborted"
    assert asked.world.alias.now == Traffic(version="1")
    assert asked.commands({"command": "restore", "number": 1})["status"] == "aborted"


def test_an_execution_that_was_stopped_from_outside_ends_its_own_release_alone(asked: Asked) -> None:
    asked.world.look()
    name = execution_name(asked.world.store.read(MODEL, 1), 2)
    assert asked.commands({"command": "restore", "execution": name})["status"] == "aborted"
    asked.world.start("3")
    assert asked.commands({"command": "restore", "execution": name})["number"] == 1
    assert asked.world.store.read(MODEL, 2).status is Status.ADMITTING


def test_status_and_history_tell_the_records(asked: Asked) -> None:
    assert asked.commands({"command": "status"})["status"] == "admitting"
    assert [each["number"] for each in asked.commands({"command": "history"})["releases"]] == [1]


@pytest.mark.parametrize(("command", "status"), [("abort", Status.ABORTED), ("promote", Status.PROMOTED)])
def test_wishes_are_obeyed_at_once(asked: Asked, command: str, status: Status) -> None:
    asked.world.look()
    found = asked.commands({"command": command, **WHY})
    assert (found["status"], found["reason"]) == (status, "because (ada)")


def test_a_rollback_goes_to_the_stable_version_of_the_last_release(asked: Asked) -> None:
    asked.world.run()
    found = asked.commands({"command": "rollback", **WHY})
    assert (found["new"], found["status"], found["by"], found["reason"]) == ("1", "promoted", "ada", "because")
    assert asked.world.alias.now == Traffic(version="1")


def test_a_start_releases_the_newest_version_once_more(asked: Asked) -> None:
    asked.world.run()
    asked.commands({"command": "rollback", **WHY})
    found = asked.commands({"command": "start", **WHY})
    assert (found["number"], found["new"], found["model_version"]) == (3, "2", "1.1.0")
    assert asked.runs == [(3, 1)]


def test_a_start_of_what_serves_already_is_refused(asked: Asked) -> None:
    asked.world.run()
    with pytest.raises(NoRelease, match="has all of the traffic already"):
        asked.commands({"command": "start", **WHY})


def test_a_model_without_a_release_has_nothing_to_tell() -> None:
    with pytest.raises(NoRelease, match="m has no release yet"):
        Asked().commands({"command": "status"})
