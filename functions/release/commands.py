"""What the state machine and people ask of the release function: one command a call, JSON in and out."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from functions.release.store import TableStore
from functions.release.versions import Released, rank
from serin.release.controller import Conflict, Controller, NoRelease, Request
from serin.release.items import to_json
from serin.release.orders import Order, Refused, read_order
from serin.release.record import Release, Settings, Status, Wish, WishKind

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

    def __call__(self, event: Any) -> dict[str, Any]:
        """What is asked and cannot be done is answered with ``{"refused": why}``.

        Raises:
            Conflict, NoRelease: the state machine's own command cannot be carried out.
        """
        if not isinstance(event, Mapping):
            return {"refused": "expected an object with a command"}
        match event.get("command"):
            case "look":
                return self._look(event)
            case "restore":
                return self._restore(event)
        try:
            return self._asked(event)
        except (Refused, NoRelease) as refused:
            return {"refused": str(refused)}
        except Conflict as conflict:
            return {"refused": f"{conflict}; try again"}

    def _asked(self, event: Mapping[str, Any]) -> dict[str, Any]:
        match event.get("command"):
            case "status":
                return self._status(event.get("number"))
            case "history":
                return {"releases": [to_json(each) for each in self._newest()]}
            case "start":
                return self._start(read_order(event))
            case "abort":
                return self._wish(WishKind.ABORT, read_order(event))
            case "promote":
                return self._wish(WishKind.PROMOTE, read_order(event))
            case "rollback":
                return self._rollback(read_order(event))
        raise Refused("command: expected one of status, history, start, abort, promote, rollback")

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

    def _status(self, number: object) -> dict[str, Any]:
        """The record, with ``alias`` as it is now and the time ``now``, by which the record's times are to be read."""
        if number is not None and (type(number) is not int or number < 1):
            raise Refused("number: expected that of a release, from 1 on")
        release = self._last() if number is None else self.store.read(self.model, number)
        alias, now = self.controller.alias.read(), self.controller.clock()
        return {**to_json(release), "alias": asdict(alias), "now": now}

    def _wish(self, kind: WishKind, order: Order) -> dict[str, Any]:
        wish = Wish(kind=kind, why=order.reason, by=order.by)
        return to_json(self.controller.wish(self.model, self._last().number, wish))

    def _start(self, order: Order) -> dict[str, Any]:
        """A version that is named, or the newest that had a release, once more."""
        releases = self._newest()
        released = Released(self.model, releases)
        version = released.newest() if order.version is None else released.named(order.version)
        last = releases[0]
        if version == last.stable and last.status.is_undecided:
            # To supersede that release would be all that came of it.
            raise Refused(f"version {version} is the stable one of release {last.number}; abort that one instead")
        release = self.controller.start(self._request(order, version, released, last.settings))
        if release is None:
            raise NoRelease(f"{self.model}: version {version} has all of the traffic already")
        self.run(release, 1)
        return to_json(release)

    def _rollback(self, order: Order) -> dict[str, Any]:
        """To the version that is named, or the stable one of the last release; where it can serve, or is forced."""
        releases = self._newest()
        released = Released(self.model, releases)
        version = self._before(releases) if order.version is None else released.named(order.version, served=True)
        if not order.force and (wrong := self.controller.senses.ready(version)):
            raise Refused(f"{wrong}; nothing was moved: choose another version, or force this one")
        return to_json(self.controller.replace_at_once(self._request(order, version, released, releases[0].settings)))

    def _before(self, releases: Sequence[Release]) -> str:
        """A rollback that is ordered twice must not bring back what the first has taken away."""
        last = self._known(releases)
        if last.status is Status.PROMOTED and rank(last.stable) > rank(last.new):
            done = f"release {last.number} of {self.model} went back from version {last.stable} to {last.new} already"
            raise Refused(f"{done}; name the version that is to have all of the traffic")
        return last.stable

    def _request(self, order: Order, version: str, released: Released, settings: Settings) -> Request:
        return Request(
            model=self.model,
            version=version,
            model_version=released.model_version(version),
            settings=settings,
            cause=order.cause or str(uuid.uuid4()),
            by=order.by,
            reason=order.reason,
        )

    def _newest(self) -> list[Release]:
        return self.store.newest(self.model, _HISTORY)

    def _last(self) -> Release:
        return self._known(self.store.newest(self.model, 1))

    def _known(self, releases: Sequence[Release]) -> Release:
        """The first of ``releases``, which are newest first."""
        if not releases:
            raise NoRelease(f"{self.model} has no release yet")
        return releases[0]
