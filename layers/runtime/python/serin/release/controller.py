"""Carries releases out, over whatever keeps the records and the alias. It may be killed anywhere and run again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, Protocol, TypeVar

from serin.release.admission import Admission
from serin.release.record import UNKNOWN, Release, Settings, Status, Traffic, Wish, WishKind, begin
from serin.release.steps import Admit, Done, Judge, Move, Observation, Save, Wait, next_action, next_share, turned_away
from serin.release.window import Window

_TRIES: Final = 8
"""How often a look begins anew where another hand was quicker."""

_Started = TypeVar("_Started", bound="Release | None")


class Conflict(Exception):
    """Something is no longer what it was when it was read."""


class Immovable(Exception):
    """The alias can never be what it was to be; the message says why."""


class NoRelease(Exception):
    """Nothing is there to do what was asked with; the message says so."""


class Store(Protocol):
    """Keeps the records."""

    def read(self, model: str, number: int) -> Release:
        """As it was last written, by whomever."""
        ...

    def last(self, model: str) -> Release | None:
        """The release with the highest number."""
        ...

    def create(self, release: Release) -> None:
        """Raises Conflict where a release of this number is there."""
        ...

    def write(self, release: Release) -> Release:
        """Replace the revision that it carries; returns it with the next. Raises Conflict where there is another."""
        ...


class Alias(Protocol):
    """What the model's callers call."""

    def read(self) -> Traffic:
        """As it is now."""
        ...

    def move(self, target: Traffic) -> None:
        """Raises Conflict where it is not what ``read`` has last returned, and Immovable where it cannot be so."""
        ...


class Senses(Protocol):
    """What can be seen of a release."""

    def alarms(self) -> tuple[str, ...]:
        """Names of the alarms that are raised."""
        ...

    def traffic(self, versions: Sequence[str], *, since: float, until: float, beginning: float) -> Mapping[str, Window]:
        """What each of ``versions`` answered from ``since`` to before ``until``, in seconds since the epoch.

        Stretches follow one another without a gap from ``beginning`` on. What becomes known late, as crashes do, is
        counted in a later one, and nothing from before ``beginning`` in any.
        """
        ...

    def admission(self, version: str, settings: Settings) -> Admission:
        """What golden requests show of ``version``, held to ``settings``."""
        ...

    def ready(self, version: str) -> str | None:
        """Why ``version`` cannot serve; None where it says that it is ready."""
        ...

    def replay(self, versions: Sequence[str]) -> None:
        """Send some golden cases to each of ``versions``; what comes of them stands in the log."""
        ...


@dataclass(frozen=True, kw_only=True)
class Request:
    """A release that is asked for: of ``version``, by whom and why.

    ``cause``: the id of what asks, the same where it asks again.
    """

    model: str
    version: str
    model_version: str
    settings: Settings
    cause: str
    by: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Controller:
    """``lag_seconds``: how long a line of the log may take to be found. ``tell``: an event's name and its release."""

    store: Store
    alias: Alias
    senses: Senses
    judge: Callable[[Settings], Judge]
    tell: Callable[[str, Release], None]
    clock: Callable[[], float]
    lag_seconds: float

    def look(self, model: str, number: int) -> float | None:
        """Do what is to be done now. Returns the seconds until the next look; None where the release has ended.

        Raises:
            Conflict: others keep changing the same things.
        """
        for _ in range(_TRIES):
            try:
                return self._look(self.store.read(model, number))
            except Conflict:
                continue
        raise Conflict(f"release {number} of {model}: its record or its alias is being changed by others")

    def start(self, wanted: Request) -> Release | None:
        """The release that ``wanted`` asks for; None where its version has all of the traffic.

        One that is on its way is superseded: its stable version has all of the traffic first.
        """
        return _tried(lambda: self._start(wanted), wanted.model)

    def take_back(self, release: Release, wanted: Request) -> None:
        """``release`` ends, if it is on its way, and none of ``wanted``'s version begins."""
        _tried(lambda: self._supersede(self.store.read(release.model, release.number), wanted), wanted.model)

    def wish(self, model: str, number: int, wish: Wish) -> Release:
        """Have the release do as is wished, and return what has become of it.

        Raises:
            NoRelease: it has ended, or is ending.
        """
        for _ in range(_TRIES):
            release = self.store.read(model, number)
            if not release.status.is_undecided:
                raise NoRelease(f"release {number} of {model} is {release.status}; there is nothing to {wish.kind}")
            try:
                self.store.write(replace(release, wish=wish))
            except Conflict:
                continue
            self.look(model, number)
            return self.store.read(model, number)
        raise Conflict(f"release {number} of {model}: its record is being changed by others")

    def replace_at_once(self, wanted: Request, admission: Admission | None = None) -> Release:
        """All traffic to ``wanted``'s version, whatever the alias is now; nothing is tried before.

        ``admission``: what was found by whoever has tried it.
        """
        release = _tried(lambda: self._replace(wanted, admission), wanted.model)
        self.look(release.model, release.number)
        return self.store.read(release.model, release.number)

    def _replace(self, wanted: Request, admission: Admission | None) -> Release:
        last = self.store.last(wanted.model)
        if last is not None and last.cause == wanted.cause:
            return last
        self._supersede(last, wanted)
        seen = self.alias.read()
        release = self._new(wanted, seen, last)
        target = Traffic(version=wanted.version)
        ending = replace(release, status=Status.ENDING, ending=Status.PROMOTED, admission=admission)
        self.store.create(replace(ending, target=target, previous=seen, is_settled=False))
        return release

    def _start(self, wanted: Request) -> Release | None:
        last = self.store.last(wanted.model)
        if last is not None and last.cause == wanted.cause:
            return last
        self._supersede(last, wanted)
        alias = self.alias.read()
        if alias == Traffic(version=wanted.version):
            return None
        release = self._new(wanted, alias, last)
        self.store.create(release)
        return release

    def _new(self, wanted: Request, alias: Traffic, last: Release | None) -> Release:
        """After ``last``, which has ended. Where another has begun by now, it has the same number, and stays."""
        return begin(
            model=wanted.model,
            number=1 if last is None else last.number + 1,
            cause=wanted.cause,
            stable=alias.version,
            new=wanted.version,
            model_version=wanted.model_version,
            stable_model_version=_model_version(alias.version, wanted, last),
            settings=wanted.settings,
            now=self.clock(),
            by=wanted.by,
            reason=wanted.reason,
        )

    def _supersede(self, last: Release | None, wanted: Request) -> None:
        """Whatever is on its way ends first."""
        if last is None:
            return
        if last.status.is_undecided:
            why = f"version {wanted.model_version} ({wanted.version}) is to be released"
            self.wish(last.model, last.number, Wish(kind=WishKind.SUPERSEDE, why=why, by=wanted.by))
        else:
            self.look(last.model, last.number)

    def _look(self, release: Release) -> float | None:
        # A world that cannot be told must not keep the alias from going back. What is still untold at the end raises.
        with suppress(Exception):
            release = self._told(release)
        alarms: Sequence[str] = ()
        if release.status.is_undecided and release.wish is None:
            alarms = self.senses.alarms()
            release = self._observed(release, alarms)
        admission: Admission | None = None
        while True:
            seen = Observation(alias=self.alias.read(), alarms=tuple(alarms), admission=admission)
            action = next_action(release, seen, self.clock(), self.judge(release.settings))
            match action:
                case Save():
                    release = self.store.write(action.release)
                case Move():
                    release = self._moved(release, action.target)
                case Admit():
                    admission = self.senses.admission(release.new, release.settings)
                case Wait():
                    self._replay(self._told(release), action)
                    return action.seconds
                case Done():
                    self._told(release)
                    return None

    def _moved(self, release: Release, target: Traffic) -> Release:
        """Move the alias, unless the release is no longer what it was decided upon.

        Another look may have moved the alias there and back again, so that it is as it was. Since the record is read
        after the alias was, either the one or the other tells.
        """
        if self.store.read(release.model, release.number).revision != release.revision:
            raise Conflict(f"release {release.number} of {release.model} is no longer what it was")
        try:
            self.alias.move(target)
        except Immovable as why:
            return self.store.write(turned_away(release, str(why), self.clock()))
        return release

    def _observed(self, release: Release, alarms: Sequence[str]) -> Release:
        """With what was answered since the last look, up to where the log is complete.

        An alarm that is over is no longer ignored: what raises it next is of this release.
        """
        until = self.clock() - self.lag_seconds
        if release.status is Status.ADMITTING or until <= release.observed_until:
            return release
        versions, beginning = (release.new, release.stable), release.observed_from
        found = self.senses.traffic(versions, since=release.observed_until, until=until, beginning=beginning)
        new = release.new_window + found.get(release.new, Window())
        stable = release.stable_window + found.get(release.stable, Window())
        ignored = tuple(alarm for alarm in release.ignored_alarms if alarm in alarms)
        known = replace(release, new_window=new, stable_window=stable, observed_until=until, ignored_alarms=ignored)
        judgement = self.judge(release.settings)(new, stable, next_share(release))
        return self.store.write(replace(known, judgement=judgement, updated_at=self.clock()))

    def _told(self, release: Release) -> Release:
        while release.untold:
            self.tell(release.untold[0], release)
            release = self.store.write(replace(release, untold=release.untold[1:]))
        return release

    def _replay(self, release: Release, wait: Wait) -> None:
        if wait.replay:
            self.senses.replay((release.new, release.stable))


def _model_version(version: str, wanted: Request, last: Release | None) -> str:
    """Of the stable version, as far as the last release knows it."""
    known = {wanted.version: wanted.model_version}
    if last is not None:
        known |= {last.stable: last.stable_model_version, last.new: last.model_version}
    return known.get(version, UNKNOWN)


def _tried(start: Callable[[], _Started], model: str) -> _Started:
    for _ in range(_TRIES):
        try:
            return start()
        except (Conflict, NoRelease):  # somebody was quicker; look again
            continue
    raise Conflict(f"{model}: others keep starting releases")
