"""AWS on loopback, as far as `serin release` asks it: stacks, the caller, and real release functions in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast
from urllib.parse import parse_qs

import pytest

from functions.release.commands import Commands
from functions.release.judging import judge_for
from functions.release.store import TableStore
from serin.release.record import Release
from tests.aws_replies import identity, json_error, query_error, stacks, with_aws_at
from tests.peer import Asked, Peer, Reply, serving
from tests.unit.runtime.release.world import World

ADA: Final = "arn:aws:sts::000000000000:assumed-role/Admin/ada"
_INVOKE: Final = "/2015-03-31/functions/"


@dataclass
class Deployed:
    """A model's release function, over the world in memory. Version 1 (1.0.0) had everything at first."""

    model: str = "m"
    world: World = field(default_factory=World)
    runs: list[int] = field(default_factory=list)
    reply: Reply | None = None
    """What Lambda says instead of asking the function."""

    def __post_init__(self) -> None:
        self.commands = Commands(
            controller=self.world.controller,
            store=cast("TableStore", self.world.store),
            model=self.model,
            run=lambda release, _leg: self.runs.append(release.number),
        )

    def judged(self) -> Deployed:
        """With the real judge."""
        self.world.controller = replace(self.world.controller, judge=judge_for)
        self.__post_init__()
        return self

    def deploy(self, version: str, model_version: str) -> Deployed:
        """As a deploy does: the first has everything at once, a later one has a release started."""
        request = replace(self.world.request(version, version), model=self.model, model_version=model_version)
        if self.world.store.last(self.model) is None:
            self.world.controller.replace_at_once(request)
        else:
            self.world.controller.start(request)
        return self

    def look(self, times: int = 1) -> Release:
        """What the state machine does, so many times."""
        for _ in range(times):
            self.world.time += self.world.controller.look(self.model, self.last.number) or 0.0
        return self.last

    @property
    def last(self) -> Release:
        """The last release."""
        last = self.world.store.last(self.model)
        assert last is not None
        return last

    def invoke(self, event: dict[str, Any]) -> Reply:
        """As Lambda answers."""
        return self.reply or Reply(200, json.dumps(self.commands(event)).encode())


def baking(model: str = "m") -> Deployed:
    """1.1.0 (2) beside 1.0.0 (1), at its first step."""
    deployed = Deployed(model).deploy("1", "1.0.0").deploy("2", "1.1.0")
    deployed.look()
    return deployed


@dataclass
class Cloud:
    """The models of stage dev. ``peer``: what was asked."""

    models: dict[str, Deployed]
    peer: Peer = field(default_factory=Peer)
    is_finished: bool = True
    """Whether the stacks have their outputs yet."""

    def __call__(self, asked: Asked) -> Reply:
        if asked.path.startswith(_INVOKE):
            name = asked.path.removeprefix(_INVOKE).split("/")[0].removeprefix("release-of-")
            if name not in self.models:
                return json_error("ResourceNotFoundException", "Function not found", 404)
            return self.models[name].invoke(json.loads(asked.body))
        form = {key: values[0] for key, values in parse_qs(asked.body.decode()).items()}
        if form["Action"] == "GetCallerIdentity":
            return identity("000000000000", ADA)
        return self._stacks(form.get("StackName"))

    def _stacks(self, named: str | None) -> Reply:
        found = {f"Serin-dev-Model-{model}": model for model in self.models}
        if named is not None and named not in found:
            return query_error("ValidationError", f"Stack with id {named} does not exist")
        replies = [
            stacks({"ReleaseFunction": f"release-of-{model}"}, name)
            if self.is_finished
            else stacks({}, name, status="CREATE_IN_PROGRESS")
            for name, model in found.items()
            if named in {None, name}
        ]
        return _joined([stacks({}, "Serin-dev-Api"), *replies] if named is None else replies)

    def events(self) -> list[dict[str, Any]]:
        """What the release functions were asked."""
        return [json.loads(asked.body) for asked in self.peer.asked if asked.path.startswith(_INVOKE)]


def _joined(replies: list[Reply]) -> Reply:
    """One page of all stacks."""
    start, end = b"<Stacks>", b"</Stacks>"
    members = b"".join(reply.body.split(start)[1].split(end)[0] for reply in replies)
    before, after = replies[0].body.split(start)[0], replies[0].body.split(end)[1]
    return Reply(200, before + start + members + end + after)


@contextmanager
def cloud(monkeypatch: pytest.MonkeyPatch, *models: Deployed) -> Iterator[Cloud]:
    """A cloud with ``models`` in stage dev, and credentials for it."""
    found = Cloud({deployed.model: deployed for deployed in models})
    with serving(found) as peer:
        found.peer = peer
        with_aws_at(peer, monkeypatch)
        yield found
