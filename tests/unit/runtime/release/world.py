"""Records, an alias and traffic in memory, and a fate that kills whoever touches them."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from serin.release.admission import Admission
from serin.release.controller import Conflict, Controller, Immovable, NoRelease, Request
from serin.release.items import from_item, to_item
from serin.release.judgement import Judgement, Verdict
from serin.release.record import Release, Settings, Traffic
from serin.release.steps import Judge
from serin.release.window import Window

SETTINGS: Final = Settings(steps=(5, 50), bake_seconds=60, max_seconds=600)
MODEL: Final = "m"


class Killed(BaseException):
    """Whoever was at work is gone, and nobody of them handles it."""


@dataclass
class Fate:
    """Kills before or after an effect, with ``chance`` each, and has something happen at one of them."""

    chance: float = 0.0
    seed: int = 0
    random: random.Random = field(init=False)
    due: int = 0
    happening: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)  # noqa: S311 - a schedule that can be repeated

    def interrupt(self, due: int, happening: Callable[[], None]) -> None:
        """Have ``happening`` take place at the next effect but ``due``."""
        self.due, self.happening = due, happening

    def strike(self) -> None:
        self.due -= 1
        if self.due == 0:
            self.happening()
        if self.random.random() < self.chance:
            raise Killed


@dataclass
class MemoryStore:
    """As DynamoDB keeps them: every write is an item, under a condition."""

    fate: Fate
    items: dict[tuple[str, int], Mapping[str, Mapping[str, str]]] = field(default_factory=dict)

    def read(self, model: str, number: int) -> Release:
        if (model, number) not in self.items:
            raise NoRelease(f"{model} has no release {number}")
        return from_item(self.items[model, number])

    def last(self, model: str) -> Release | None:
        numbers = [number for name, number in self.items if name == model]
        return self.read(model, max(numbers)) if numbers else None

    def newest(self, model: str, count: int) -> list[Release]:
        last = self.last(model)
        return [] if last is None else [self.read(model, number) for number in range(last.number, 0, -1)][:count]

    def create(self, release: Release) -> None:
        self.fate.strike()
        if (release.model, release.number) in self.items:
            raise Conflict
        self.items[release.model, release.number] = to_item(release)
        self.fate.strike()

    def write(self, release: Release) -> Release:
        self.fate.strike()
        if self.read(release.model, release.number).revision != release.revision:
            raise Conflict
        written = replace(release, revision=release.revision + 1)
        self.items[release.model, release.number] = to_item(written)
        self.fate.strike()
        return written


@dataclass
class MemoryAlias:
    """An alias with a revision."""

    fate: Fate
    now: Traffic = field(default_factory=lambda: Traffic(version="1"))
    revision: int = 0
    read_revision: int = -1
    history: list[Traffic] = field(default_factory=list)
    refused: list[Traffic] = field(default_factory=list)

    def read(self) -> Traffic:
        self.read_revision = self.revision
        return self.now

    def move(self, target: Traffic) -> None:
        self.fate.strike()
        if self.read_revision != self.revision:
            raise Conflict
        if target in self.refused:
            raise Immovable("no such version")
        self.set(target)
        self.fate.strike()

    def set(self, target: Traffic) -> None:
        """By whatever hand."""
        self.now = target
        self.revision += 1
        self.history.append(target)


@dataclass
class MemorySenses:
    """Says what a test has it say; one request a second to each version."""

    fate: Fate
    raised: tuple[str, ...] = ()
    wrong: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unready: dict[str, str] = field(default_factory=dict)
    is_silent: bool = False
    replayed: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    spans: list[tuple[float, float]] = field(default_factory=list)
    beginnings: list[float] = field(default_factory=list)

    def alarms(self) -> tuple[str, ...]:
        self.fate.strike()
        return self.raised

    def traffic(self, versions: Sequence[str], *, since: float, until: float, beginning: float) -> Mapping[str, Window]:
        self.fate.strike()
        self.spans.append((since, until))
        self.beginnings.append(beginning)
        requests = 0 if self.is_silent else int(until - since)
        return {version: Window(requests=requests, latencies={1.0: requests}) for version in versions}

    def admission(self, version: str, settings: Settings) -> Admission:
        self.fate.strike()
        self.asked.append(version)
        return Admission(problems=self.wrong.get(version, ()), requests=100, p99_ms=1.5, memory_mb=40.0, init_ms=41.0)

    def ready(self, version: str) -> str | None:
        self.fate.strike()
        return self.unready.get(version)

    def replay(self, versions: Sequence[str]) -> None:
        self.fate.strike()
        self.replayed.extend(versions)


@dataclass
class World:
    """``bad``: whether the judge condemns the new version once it has seen enough. ``is_deaf``: takes no event."""

    fate: Fate = field(default_factory=Fate)
    bad: bool = False
    is_deaf: bool = False
    settings: Settings = SETTINGS
    time: float = 1000.0
    told: list[tuple[str, int]] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = MemoryStore(self.fate)
        self.alias = MemoryAlias(self.fate)
        self.senses = MemorySenses(self.fate)
        self.controller = Controller(
            store=self.store,
            alias=self.alias,
            senses=self.senses,
            judge=lambda _settings: self.judge(),
            tell=self.hear,
            clock=lambda: self.time,
            lag_seconds=1.0,
        )

    def hear(self, event: str, release: Release) -> None:
        if self.is_deaf:
            raise RuntimeError("EventBridge did not take the event")
        self.told.append((event, release.number))

    def judge(self) -> Judge:
        """A stand-in that only counts."""

        def judge(new: Window, stable: Window, share: float) -> Judgement:
            self.shares.append(share)
            verdict = Verdict.ROLL_BACK if self.bad else Verdict.PROMOTE
            if min(new.requests, stable.requests) < 20:
                verdict = Verdict.NOT_ENOUGH_DATA
            return Judgement(verdict=verdict, why=f"{new.requests} requests", evidence=())

        return judge

    def request(self, version: str = "2", cause: str = "deploy", settings: Settings | None = None) -> Request:
        settings = settings or self.settings
        return Request(
            model=MODEL, version=version, model_version="1.1.0", settings=settings, cause=cause, by="a deploy"
        )

    def start(self, version: str = "2", settings: Settings | None = None) -> Release:
        release = self.controller.start(self.request(version, f"deploy of {version}", settings))
        assert release is not None
        return release

    def look(self, number: int = 1) -> float | None:
        """One look, and the wait after it."""
        seconds = self.controller.look(MODEL, number)
        self.time += seconds or 0.0
        return seconds

    def run(self, number: int = 1, looks: int = 200) -> Release:
        """Until it has ended, or so many looks."""
        for _ in range(looks):
            if self.look(number) is None:
                break
        return self.store.read(MODEL, number)
