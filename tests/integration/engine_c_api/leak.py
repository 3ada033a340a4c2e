"""Runs models a great many times: ``python -m tests.integration.engine_c_api.leak RUNS``.

Standard output is one JSON object: resident memory in bytes after the first tenth of the runs and after all of them, of
each way through the engine.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from serin.engine import Session
from serin.errors import ModelRejectedInput
from serin.protocol import Datatype
from serin.tensor import Tensor, pack
from tests.small_models.catalogue import GATHER, PAIR, identity

FAR: Final = time.monotonic() + 3600
LARGE: Final = 10_000
"""Rows of 80 kB: read in place."""


def resident_bytes() -> int:
    """Resident set size of this process (``/proc/self/statm``, in pages)."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096


def numbers(session: Session, number: int) -> None:
    """Shapes take turns, so that values are made anew and used again."""
    rows = 1 + number // 8 % 3
    x = Tensor(Datatype.FP32, (rows, 2), bytes(8 * rows))
    session.run({"a": x, "b": x}, ["sum", "difference"], FAR)


def strings(session: Session, number: int) -> None:
    session.run({"x": Tensor(Datatype.BYTES, (2,), [b"a\0b", b"%d" % number])}, ["y"], FAR)


def large(session: Session, number: int) -> None:
    session.run({"x": Tensor(Datatype.FP32, (LARGE, 2), bytearray(8 * LARGE))}, ["y"], FAR)


def failing(session: Session, number: int) -> None:
    try:
        session.run({"index": Tensor(Datatype.INT64, (1,), pack(Datatype.INT64, [99]))}, ["value"], FAR)
    except ModelRejectedInput:
        return
    raise AssertionError


WAYS: Final[tuple[tuple[Callable[[Session, int], None], Session, float], ...]] = (
    (numbers, PAIR.session(), 0.9),
    (strings, identity(Datatype.BYTES, rank=1).session(), 0.06),
    (failing, GATHER.session(), 0.03),
    (large, identity(Datatype.FP32).session(), 0.01),
)
"""Each with its share of the runs."""


def main(runs: int) -> None:
    growth: dict[str, tuple[int, int]] = {}
    for way, session, share in WAYS:
        count = int(runs * share)
        for number in range(count // 10):
            way(session, number)
        before = resident_bytes()
        for number in range(count // 10, count):
            way(session, number)
        growth[way.__name__] = before, resident_bytes()
    sys.stdout.write(json.dumps(growth))


if __name__ == "__main__":
    main(int(sys.argv[1]))
