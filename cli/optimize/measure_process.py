"""The process that measures one variant: `python -m cli.optimize.measure_process MEMORY SECONDS ORDER`.

It opens the model as a function does, asks it single rows, and prints a ``Round``.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from serin.admission.apart import limit_process
from serin.protocol import Datatype

_STATUS: Final = Path("/proc/self/status")
_KILOBYTES: Final = re.compile(r"^(VmHWM|VmRSS):\s+([0-9]+) kB$", re.MULTILINE)
_SECONDS_A_RUN: Final = 30.0


class RowTensor(msgspec.Struct, frozen=True):
    """One input of one row, as it travels to this process."""

    datatype: Datatype
    shape: tuple[int, ...]
    data: bytes | list[bytes]


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """``served``: the file to open; ``rows``: a file with a list of rows, as msgpack; ``outputs``: the wanted ones.

    ``runs``: at most as many after the first; ``run_seconds``: and no longer than that. ``prepack``: as for a session.
    """

    served: str
    rows: str
    outputs: tuple[str, ...]
    runs: int
    run_seconds: float
    prepack: bool


class Round(msgspec.Struct, frozen=True):
    """Seconds: until the first answer, opening included, and of each run after it. ``grown_kb``: of the resident peak
    over what the process held before it opened the model; None where the system does not tell.
    """

    first: float = 0.0
    runs: tuple[float, ...] = ()
    grown_kb: int | None = None
    problem: str = ""


def main(memory: str, seconds: str, order: str) -> None:
    """Measure what ``order`` says, an ``Order`` as JSON, within ``memory`` bytes and ``seconds``."""
    limit_process(memory, seconds)
    from serin.errors import SerinError  # with the engine, which begins before what is measured

    try:
        said = _measure(msgspec.json.decode(order, type=Order))
    except SerinError as error:
        said = Round(problem=error.message)
    except MemoryError:
        said = Round(problem="it needs more than serving.memory_mb")
    sys.stdout.buffer.write(msgspec.json.encode(said))


def _measure(order: Order) -> Round:
    from serin.engine import EngineOptions, Session
    from serin.engine.environment import ENVIRONMENT
    from serin.tensor import Tensor

    _ = ENVIRONMENT.address  # waits for it: it is the same for all variants
    read = msgspec.msgpack.decode(Path(order.rows).read_bytes(), type=list[dict[str, RowTensor]])
    rows = [{name: Tensor(one.datatype, one.shape, one.data) for name, one in row.items()} for row in read]
    before = _forget_peak()
    begun = time.perf_counter()
    if order.served.endswith(".ort"):
        session = Session.map(order.served, EngineOptions(), divides=False, prepack=order.prepack)
    else:
        session = Session.load(Path(order.served).read_bytes(), EngineOptions())
    session.run(rows[0], order.outputs, time.monotonic() + _SECONDS_A_RUN)
    first = time.perf_counter() - begun
    runs: list[float] = []
    end = time.monotonic() + order.run_seconds
    while len(runs) < order.runs and (not runs or time.monotonic() < end):
        row = rows[(len(runs) + 1) % len(rows)]
        deadline = time.monotonic() + _SECONDS_A_RUN
        begun = time.perf_counter()
        session.run(row, order.outputs, deadline)
        runs.append(time.perf_counter() - begun)
    return Round(first=first, runs=tuple(runs), grown_kb=_grown(before))


def _forget_peak() -> int | None:
    """Let the peak begin anew; what is resident now, kB. Source: proc_pid_clear_refs(5)."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return _memory("VmRSS")


def _grown(before: int | None) -> int | None:
    peak = _memory("VmHWM")
    return None if before is None or peak is None else max(0, peak - before)


def _memory(what: str) -> int | None:
    try:
        found: Sequence[tuple[str, str]] = _KILOBYTES.findall(_STATUS.read_text(encoding="ascii", errors="replace"))
    except OSError:
        return None
    return next((int(number) for name, number in found if name == what), None)


if __name__ == "__main__":
    main(*sys.argv[1:])
