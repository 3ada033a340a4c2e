"""The model in action: started, asked for a row and for as many rows as go through, its memory watched.

Under AWS's interface emulator, as `serin bench` does it, in the share of a processor that the model's memory buys. The
memory is not held to the manifest's, so that what the model needs comes out, and not only that it needs more. Where
there is no emulator, and for a model that no image can be built of, a plain process of its own does. Either way the
model runs apart from this process, and under limits.
"""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec

from cli.bench.function import INIT_SECONDS, Running, inference_function, running, was_killed
from cli.bench.proxy import Fault
from cli.doctor.answer import Answered, read
from cli.doctor.payload import Payload, request_of
from cli.doctor.process import Figures
from local.cpu_share import PERIOD_US, Limited, Share, way_to_limit
from local.errors import InvocationTimedOut, LocalError
from local.rie_binary import rie_binary
from serin.admission import seconds_for
from serin.admission.apart import Limits, run_apart
from serin.model_folder import ModelFolder

LARGEST_MB: Final = 10_240
"""The most memory that a function can have."""
_SECOND_BATCH_SECONDS: Final = 3.0
"""A batch that takes longer is asked for once."""
_LONGEST_REPORT: Final = 65_536
_UNTIL_FRESH: Final = PERIOD_US / 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was seen. Times are those of the share that ``memory_mb`` buys; ``how`` says by what means.

    ``image_bytes``: what the image holds beside its base; None where it was not put together. ``init_s``, ``row_ms``,
    ``batch_ms``, ``peak_mb``: None where the model did not come so far. ``answer_bytes``: of one prediction, in JSON.
    ``refused_row``, ``refused_batch``: why there was no answer; ``late``: that it was for want of time, ``killed``: for
    want of the memory of ``limit_mb``.
    """

    how: str
    limit_mb: int
    image_bytes: int | None = None
    init_s: float | None = None
    row_ms: float | None = None
    answer_bytes: int = 0
    batch_rows: int = 0
    batch_ms: float | None = None
    peak_mb: float | None = None
    refused_row: str = ""
    refused_batch: str = ""
    late: bool = False
    killed: bool = False


def measure_model(folder: ModelFolder, payload: Payload, *, fits: bool = True) -> Measured:
    """Run the model. ``fits``: whether it is admitted, as an image's build wants it.

    Raises:
        LocalError: what the image holds cannot be put together, or the model does not run by itself either.
    """
    if fits and sys.platform.startswith("linux"):
        try:
            rie_binary()
        except LocalError:
            return _apart(folder)
        return _emulated(folder, payload)
    return _apart(folder)


def largest_mb(wanted: int) -> int:
    """Memory that a model may take here: half of what is free, but what it is said to need, and no more than Lambda's.

    Where the system does not say, the latter.
    """
    try:
        [free] = [line.split()[1] for line in Path("/proc/meminfo").read_text().splitlines() if "MemAvailable" in line]
    except (OSError, ValueError):
        return LARGEST_MB
    return max(wanted, min(int(free) // 2048, LARGEST_MB))


# --- Under the emulator ---------------------------------------------------------------------------------------


def _emulated(folder: ModelFolder, payload: Payload) -> Measured:
    memory_mb = folder.manifest.serving.memory_mb
    limit_mb = largest_mb(memory_mb)
    with inference_function(folder) as function, _limited(memory_mb, limit_mb) as (limited, how, pace):
        begun = Measured(how=how, limit_mb=limit_mb, image_bytes=_size(function.directory))
        with running(function, memory_mb, limited) as process:
            seen = begun
            try:
                for seen in _asked(process, payload, begun):  # noqa: B007 - the last one that came counts
                    pass
            except InvocationTimedOut:
                seen = replace(seen, late=True)
                if seen.row_ms is None:
                    seen = replace(seen, refused_row=f"no answer within {function.timeout_s + INIT_SECONDS} s")
            return _paced(replace(seen, init_s=process.init_seconds, peak_mb=process.peak_mb()), pace)


@contextmanager
def _limited(memory_mb: int, limit_mb: int) -> Iterator[tuple[Limited, str, float]]:
    """How to start the function, how that is called, and by what its times are to be multiplied."""
    way = way_to_limit(podman=False)
    if way is None:
        words = ("/bin/sh", "-c", f'ulimit -v {(limit_mb + 2048) * 1024}; exec "$@"', "sh")
        cpus = Share.of_lambda(memory_mb).cpus
        yield Limited(before_function=words), _scaled(memory_mb), max(1.0, 1 / cpus)
        return
    with way.limit(Share(Share.of_lambda(memory_mb).cpus, limit_mb)) as limited:
        yield limited, f"in the share of {memory_mb} MB, by {way.name}", 1.0


def _scaled(memory_mb: int) -> str:
    return f"at full speed, as no share can be set here, and scaled to that of {memory_mb} MB"


def _asked(process: Running, payload: Payload, seen: Measured) -> Iterator[Measured]:
    """What is known after each answer: to one row, to it again, and to the largest batch that goes through."""
    for _ in range(2):
        answered, killed = _answer(process, request_of(payload, 1))
        if answered.refused:
            yield replace(seen, refused_row=answered.refused, killed=killed, late=answered.late)
            return
    size = answered.bytes_a_row
    rows = payload.answered_with(size).rows_that_fit
    seen = replace(seen, row_ms=process.durations_ms[-1], answer_bytes=size, batch_rows=rows)
    if seen.batch_rows < 2:
        yield replace(seen, batch_ms=seen.row_ms)
        return
    yield seen
    body = request_of(payload, seen.batch_rows)
    for _ in range(2):
        answered, killed = _answer(process, body)
        if answered.refused:
            yield replace(seen, refused_batch=answered.refused, killed=killed, late=answered.late)
            return
        seen = replace(seen, batch_ms=max(process.durations_ms[-1], seen.batch_ms or 0.0))
        yield seen
        if process.durations_ms[-1] > _SECOND_BATCH_SECONDS * 1000:
            return


def _answer(process: Running, body: bytes) -> tuple[Answered, bool]:
    """The answer, and whether the function was killed over it."""
    answer = process.ask(body)
    time.sleep(_UNTIL_FRESH)
    if isinstance(answer, Fault):
        return Answered(answer.error_message), was_killed(answer)
    return read(answer.status_code, answer.content()), False


def _paced(seen: Measured, pace: float) -> Measured:
    def slower(figure: float | None) -> float | None:
        return None if figure is None else figure * pace

    return replace(seen, init_s=slower(seen.init_s), row_ms=slower(seen.row_ms), batch_ms=slower(seen.batch_ms))


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


# --- By itself ------------------------------------------------------------------------------------------------


def _apart(folder: ModelFolder) -> Measured:
    serving = folder.manifest.serving
    limit_mb = largest_mb(serving.memory_mb)
    seconds = math.ceil(seconds_for(folder.lock.artifact.bytes) + 2 * serving.timeout_seconds)
    limits = Limits(seconds=seconds, memory=limit_mb * 2**20)
    ending = run_apart("cli.doctor.process", [os.fspath(folder.path)], limits, longest=_LONGEST_REPORT)
    how = f"without AWS's runtime interface emulator, {_scaled(serving.memory_mb)}"
    nothing = Measured(how=how, limit_mb=limit_mb)
    if ending.is_late:
        return replace(nothing, refused_row=f"no answer within {seconds} s", late=True)
    if ending.death:
        return replace(nothing, refused_row=f"the process ended with {ending.death}")
    try:
        figures = msgspec.json.decode(ending.said, type=Figures)
    except msgspec.DecodeError:
        return replace(nothing, refused_row=f"the process ended with exit code {ending.code} and without a word")
    seen = replace(nothing, **msgspec.structs.asdict(figures))
    return _paced(seen, max(1.0, 1 / Share.of_lambda(serving.memory_mb).cpus))
