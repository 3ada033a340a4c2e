"""What the state machine and people ask of the release function: one command a call, JSON in and out."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from functions.release.store import TableStore
from serin.release.controller import Controller, NoRelease, Request
from serin.release.items import to_json
from serin.release.record import Release, Wish, WishKind

_LOOKS: Final = 1000
"""In one execution: Step Functions ends one after 25,000 events, and a look makes nine."""

_HISTORY: Final = 50


def execution_name(release: Release, leg: int) -> str:
    """Of the state machine's run for ``release`` in its given leg. Step Functions takes a name once in 90 days."""
    return f"release-{release.number}-{leg}-{release.started_at:.0f}"


def number_of(execution: str) -> int:
    """Number of the release that ``execution`` is named after."""
    return int(execution.split("-")[1])


@dataclass(frozen=True, kw_only=True)
class Commands:
    """``run`` starts the state machine for a release, in its given leg."""

    controller: Controller
    store: TableStore
    model: str
    run: Callable[[Release, int], None]

    def __call__(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Raises NoRelease where there is nothing to do it with, and KeyError for no such command."""
        commands: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "look": self._look,
            "restore": self._restore,
            "status": self._status,
            "history": self._history,
            "start": self._start,
            "abort": self._wish,
            "promote": self._wish,
            "rollback": self._rollback,
        }
        return commands[event["command"]](event)

    def _look(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """One look; after many of them the next execution takes over."""
        number, looks, leg = int(event["number"]), int(event.get("looks", 0)) + 1, int(event.get("leg", 1))
        seconds = self.controller.look(self.model, number)
        going = {"number": number, "looks": looks, "leg": leg}
        if seconds is not None and looks >= _LOOKS:
            self.run(self.store.read(self.model, number), leg + 1)
            return {**going, "done": True, "seconds": 1}
        return {**going, "done": seconds is None, "seconds": math.ceil(seconds or 1)}

    def _restore(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The controller cannot go on, or was stopped: the stable version gets all of the traffic."""
        number = number_of(event["execution"]) if "execution" in event else int(event["number"])
        wish = Wish(kind=WishKind.ABORT, why="the controller could not go on; its log says why", by="controller")
        try:
            release = self.controller.wish(self.model, number, wish)
        except NoRelease:  # it was ending by then
            self.controller.look(self.model, number)
            release = self.store.read(self.model, number)
        return to_json(release)

    def _status(self, _event: Mapping[str, Any]) -> dict[str, Any]:
        return to_json(self._last())

    def _history(self, _event: Mapping[str, Any]) -> dict[str, Any]:
        return {"releases": [to_json(each) for each in self.store.newest(self.model, _HISTORY)]}

    def _wish(self, event: Mapping[str, Any]) -> dict[str, Any]:
        wish = Wish(kind=WishKind(event["command"]), why=event["reason"], by=event["by"])
        return to_json(self.controller.wish(self.model, self._last().number, wish))

    def _start(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """A version that is named, or the newest that had a release, once more."""
        newest = max((each.new for each in self.store.newest(self.model, _HISTORY)), key=int, default="")
        release = self.controller.start(self._request({**event, "version": event.get("version") or newest}))
        if release is None:
            raise NoRelease(f"{self.model}: this version has all of the traffic already")
        self.run(release, 1)
        return to_json(release)

    def _rollback(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """To the version that is named, or the stable one of the last release."""
        named = event.get("version") or self._last().stable
        return to_json(self.controller.replace_at_once(self._request({**event, "version": named})))

    def _request(self, event: Mapping[str, Any]) -> Request:
        last, version = self._last(), event["version"]
        known = [each for each in self.store.newest(self.model, _HISTORY) if each.new == version]
        return Request(
            model=self.model,
            version=version,
            model_version=known[0].model_version if known else "unknown",
            settings=last.settings,
            cause=str(event.get("id") or uuid.uuid4()),
            by=event["by"],
            reason=event["reason"],
        )

    def _last(self) -> Release:
        last = self.store.last(self.model)
        if last is None:
            raise NoRelease(f"{self.model} has no release yet")
        return last
