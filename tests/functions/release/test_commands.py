"""What people and the state machine ask, over the world in memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from functions.release.commands import Commands, execution_name
from functions.release.store import TableStore
from serin.release.controller import Conflict
from serin.release.record import Release, Status, Traffic
from tests.unit.runtime.release.world import MODEL, SETTINGS, World

WHY = {"by": "ada", "reason": "because"}


@dataclass
class Asked:
    """Commands, and the executions that they have started: number and leg."""

    world: World = field(default_factory=World)
    runs: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.commands = Commands(
            controller=self.world.controller,
            store=cast("TableStore", self.world.store),
            model=MODEL,
            run=lambda release, leg: self.runs.append((release.number, leg)),
        )

    def order(self, command: str, **words: object) -> dict[str, Any]:
        """What a person is answered who says why."""
        return self.commands({"command": command, **WHY, **words})

    def refused(self, command: str, **words: object) -> str:
        """Why a person is refused; nothing has been moved."""
        before = self.world.alias.now
        answer = self.order(command, **words)
        assert answer.keys() == {"refused"}, answer
        assert self.world.alias.now == before
        return str(answer["refused"])


@pytest.fixture
def asked() -> Asked:
    found = Asked()
    found.world.start()
    return found


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
    found = asked.order(command)
    assert (found["status"], found["reason"]) == (status, "because (ada)")


def test_a_rollback_goes_to_the_stable_version_of_the_last_release(asked: Asked) -> None:
    asked.world.run()
    found = asked.order("rollback")
    assert (found["new"], found["status"], found["by"], found["reason"]) == ("1", "promoted", "ada", "because")
    assert asked.world.alias.now == Traffic(version="1")


def test_a_start_releases_the_newest_version_once_more(asked: Asked) -> None:
    asked.world.run()
    asked.order("rollback")
    found = asked.order("start")
    assert (found["number"], found["new"], found["model_version"]) == (3, "2", "1.1.0")
    assert asked.runs == [(3, 1)]


def test_a_start_of_what_serves_already_is_refused(asked: Asked) -> None:
    asked.world.run()
    assert asked.refused("start") == "m: version 2 has all of the traffic already"


def test_a_start_of_the_stable_version_does_not_end_the_release_beside_it(asked: Asked) -> None:
    asked.world.look()
    assert asked.refused("start", version="1") == "version 1 is the stable one of release 1; abort that one instead"
    assert asked.world.store.read(MODEL, 1).status is Status.BAKING


def test_a_start_supersedes_what_is_on_its_way(asked: Asked) -> None:
    asked.world.look()
    assert asked.order("start", version="2")["number"] == 2
    assert asked.world.store.read(MODEL, 1).status is Status.SUPERSEDED


def test_a_model_without_a_release_has_nothing_to_tell() -> None:
    assert Asked().commands({"command": "status"}) == {"refused": "m has no release yet"}
    assert Asked().refused("rollback") == "m has no release yet"
    assert Asked().refused("start") == "m has no release yet; `make deploy` makes the first"


def test_status_tells_the_alias_as_it_is_and_the_time(asked: Asked) -> None:
    asked.world.look()
    hand = Traffic(version="7")
    asked.world.alias.set(hand)
    found = asked.commands({"command": "status"})
    assert (found["alias"], found["now"]) == ({"version": "7", "canary": None, "percent": 0.0}, asked.world.time)


def test_status_tells_of_an_earlier_release_by_its_number(asked: Asked) -> None:
    asked.world.run()
    asked.order("rollback")
    assert asked.commands({"command": "status", "number": 1})["new"] == "2"
    assert asked.commands({"command": "status", "number": 3}) == {"refused": "m has no release 3"}


@pytest.mark.parametrize("number", [0, -1, True, "1", 1.0, []])
def test_another_number_is_no_releases(asked: Asked, number: object) -> None:
    found = asked.commands({"command": "status", "number": number})
    assert found == {"refused": "number: expected that of a release, from 1 on"}


@pytest.mark.parametrize("command", [None, "", "delete", 1, ["abort"]])
def test_another_command_is_refused(asked: Asked, command: object) -> None:
    refused = "command: expected one of status, history, start, abort, promote, rollback"
    assert asked.commands({"command": command, **WHY}) == {"refused": refused}
    assert asked.commands({}) == {"refused": refused}


@pytest.mark.parametrize("event", [None, [], "abort", 1])
def test_what_is_no_object_is_refused(asked: Asked, event: object) -> None:
    assert asked.commands(event) == {"refused": "expected an object with a command"}


@pytest.mark.parametrize("command", ["start", "abort", "promote", "rollback"])
@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({"reason": None}, "reason: expected some text"),
        ({"reason": " "}, "reason: expected some text"),
        ({"reason": 1}, "reason: expected some text"),
        ({"reason": "x" * 501}, "reason: 501 characters are too many; at most 500 are kept"),
        ({"reason": "a\nb"}, "reason: holds a control character; one line of plain text is expected"),
        ({"reason": "\x1b[31m"}, "reason: holds a control character; one line of plain text is expected"),
        ({"reason": "a\u202eb"}, "reason: holds a control character; one line of plain text is expected"),
        ({"by": ""}, "by: expected some text"),
        ({"by": "x" * 2049}, "by: 2,049 characters are too many; at most 2,048 are kept"),
        ({"version": ""}, "version: expected some text"),
        ({"version": 2}, "version: expected some text"),
        ({"id": "\0"}, "id: holds a control character; one line of plain text is expected"),
        ({"force": "yes"}, "force: expected true or false"),
    ],
)
def test_an_order_that_cannot_stand_in_the_record_is_refused(
    asked: Asked, command: str, words: dict[str, object], why: str
) -> None:
    asked.world.look()
    assert asked.refused(command, **words) == why
    assert len(asked.world.store.items) == 1


def test_what_has_ended_cannot_be_aborted(asked: Asked) -> None:
    asked.world.run()
    assert asked.refused("abort") == "release 1 of m is promoted; there is nothing to abort"


def test_others_who_keep_changing_the_record_are_told_of(asked: Asked) -> None:
    class Contended(type(asked.world.store)):  # type: ignore[misc]
        def write(self, _release: Release) -> Release:
            raise Conflict

    asked.world.store.__class__ = Contended
    assert asked.refused("abort") == "release 1 of m: its record is being changed by others; try again"


# --- versions -------------------------------------------------------------------------------------------------------


@pytest.fixture
def grown() -> Asked:
    """Versions 1 (1.0.0) to 3: 2 (1.1.0) was promoted, 3 (1.1.0 again) refused; 2 has all of the traffic."""
    found = Asked()
    found.world.controller.replace_at_once(replace(found.world.request("1", "first"), model_version="1.0.0"))
    found.world.start("2")
    found.world.run(2)
    found.world.senses.wrong["3"] = ("case 1: wrong",)
    found.world.start("3")
    found.world.run(3)
    return found


def test_the_records_say_which_model_versions_met(grown: Asked) -> None:
    records = grown.commands({"command": "history"})["releases"]
    assert [(each["model_version"], each["stable_model_version"]) for each in records] == [
        ("1.1.0", "1.1.0"),
        ("1.1.0", "1.0.0"),
        ("1.0.0", "1.0.0"),
    ]


@pytest.mark.parametrize(("named", "version"), [("1", "1"), ("1.0.0", "1"), ("3", "3"), ("1.1.0", "3"), (None, "3")])
def test_a_start_takes_either_name_of_a_version_and_the_newest_of_several(
    grown: Asked, named: str | None, version: str
) -> None:
    found = grown.order("start", version=named)
    assert (found["new"], found["start_reason"], found["by"]) == (version, "because", "ada")


@pytest.mark.parametrize(("named", "version"), [("1", "1"), ("1.0.0", "1"), ("1.1.0", "2"), ("3", "3")])
def test_a_rollback_takes_the_version_that_has_served_unless_its_number_is_given(
    grown: Asked, named: str, version: str
) -> None:
    found = grown.order("rollback", version=named)
    assert (found["new"], found["status"]) == (version, "promoted")
    assert grown.world.alias.now == Traffic(version=version)


@pytest.mark.parametrize("command", ["start", "rollback"])
@pytest.mark.parametrize("version", ["4", "01", "1.2.0", "$LATEST", "live"])
def test_a_version_that_was_never_released_is_refused(grown: Asked, command: str, version: str) -> None:
    assert grown.refused(command, version=version) == (
        f"m has released no version {version!r}; the last ones are 1.1.0 (3), 1.1.0 (2), 1.0.0 (1)"
    )


def test_a_rollback_ordered_twice_does_not_bring_back_what_it_took_away(asked: Asked) -> None:
    asked.world.run()
    asked.order("rollback")
    assert asked.refused("rollback") == (
        "release 2 of m went back from version 2 to 1 already; name the version that is to have all of the traffic"
    )
    assert asked.order("rollback", version="2")["new"] == "2"


def test_a_rollback_goes_back_from_what_a_later_deploy_brought(asked: Asked) -> None:
    asked.world.run()
    asked.order("rollback")
    asked.world.start("3")
    asked.world.run(3)
    assert asked.order("rollback")["new"] == "1"


def test_a_rollback_to_what_cannot_serve_moves_nothing_unless_it_is_forced(asked: Asked) -> None:
    asked.world.run()
    asked.world.senses.unready["1"] = "version 1 of model m is not ready; its log says why"
    assert asked.refused("rollback") == (
        "version 1 of model m is not ready; its log says why; "
        "nothing was moved: choose another version, or force this one"
    )
    assert asked.world.store.last(MODEL) == asked.world.store.read(MODEL, 1)
    assert asked.order("rollback", force=True)["new"] == "1"
    assert asked.world.alias.now == Traffic(version="1")


def test_a_release_on_its_way_goes_on_when_a_rollback_is_refused(asked: Asked) -> None:
    asked.world.look()
    asked.world.senses.unready["1"] = "version 1 of model m is not ready; its log says why"
    asked.refused("rollback")
    assert asked.world.store.read(MODEL, 1).status is Status.BAKING


def test_the_settings_of_the_last_release_are_those_of_the_next(asked: Asked) -> None:
    asked.world.run()
    asked.order("rollback")
    asked.order("start")
    assert asked.world.store.read(MODEL, 3).settings == SETTINGS
