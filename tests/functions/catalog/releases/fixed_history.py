"""Records in memory, as the real controller has written them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from serin.errors import ModelNotReady
from serin.release.record import Release, Traffic
from tests.unit.runtime.release.world import MODEL, World

NAME = "iris"


@dataclass
class FixedHistory:
    """``releases``: newest first. ``asked``: what of, and up to which number."""

    releases: Sequence[Release] = ()
    is_readable: bool = True
    asked: list[tuple[str, int | None]] = field(default_factory=list)

    def newest(self, model: str, count: int, up_to: int | None = None) -> Sequence[Release]:
        self.asked.append((model, up_to))
        if not self.is_readable:
            raise ModelNotReady("the records of releases cannot be read now; try again")
        found = [each for each in self.releases if each.model == model and (up_to is None or each.number <= up_to)]
        return found[:count]


def carried_out() -> FixedHistory:
    """Three releases: version 2 has been promoted, 3 rolled back, and 4 has its first share of the traffic."""
    world = World()
    world.start("2")
    world.run(1)
    world.bad = True
    world.start("3")
    world.run(2)
    world.bad = False
    world.start("4")
    for _ in range(2):
        world.look(3)
    assert world.alias.now == Traffic(version="2", canary="4", percent=5)
    return FixedHistory([replace(world.store.read(MODEL, number), model=NAME) for number in (3, 2, 1)])
