"""The parts of the table, each a module with ``name`` and ``run(quick) -> rows``, in the table's order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from benchmarks.parts import answers, batch, big, cold, emulator, fetch, http, memory, packaging, size, synth, warm
from benchmarks.rows import Outcome

PARTS: Final[dict[str, Callable[[bool], list[Outcome]]]] = {
    part.name: part.run
    for part in (cold, emulator, fetch, big, warm, answers, http, memory, size, batch, synth, packaging)
}
