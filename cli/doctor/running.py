"""What was measured of a model, against Lambda's limits and its manifest."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from cli.bench.function import INIT_SECONDS
from cli.doctor.finding import Check, Examiner, NotChecked, Problem, Severity
from cli.doctor.measuring import LARGEST_MB, Measured
from local.image import MEGABYTES_PER_CPU
from serin.manifest import Serving

IMAGE_BYTES: Final = 10 * 2**30
"""Uncompressed. Source, as of what follows: AWS Lambda developer guide, "Lambda quotas"."""
BASE_BYTES: Final = 2**30
"""Counted for the base image, of which AWS's has less."""
AHEAD_SECONDS: Final = 130
"""For a start that no request waits for (the same, "Init phase")."""
GATEWAY_SECONDS: Final = 29
HEADROOM: Final = 0.8
"""Share of the memory from which it is short: Lambda's own processes and larger inputs want some, too."""
MARGIN: Final = 0.5
"""Share of a time from which it is short: Lambda's processors are others than this machine's."""


@dataclass(frozen=True, slots=True)
class Run:
    """A model's settings and what was seen of it."""

    serving: Serving
    seen: Measured

    @property
    def starts_ahead(self) -> bool:
        return self.serving.snap_start or self.serving.provisioned_concurrency is not None

    @property
    def start_seconds(self) -> int:
        """How long a start may take."""
        return AHEAD_SECONDS if self.starts_ahead else INIT_SECONDS


def _known(figure: float | None) -> float:
    if figure is None:
        raise NotChecked("the model did not come so far; see its other findings")
    return figure


# --- Size and start -------------------------------------------------------------------------------------------


def _image(run: Run) -> Iterator[Problem]:
    if run.seen.image_bytes is None:
        raise NotChecked("what the image holds was not put together")
    size = run.seen.image_bytes + BASE_BYTES
    if size > IMAGE_BYTES:
        yield Problem(
            f"the image comes to {size / 2**30:.1f} GB, of which {BASE_BYTES / 2**30:g} are counted for its base",
            "make the model smaller: prune, quantise, or share its weights",
        )


def _start(run: Run) -> Iterator[Problem]:
    init = _known(run.seen.init_s)
    if init > run.start_seconds:
        yield Problem(
            f"a start takes {init:.1f} s {run.seen.how}; Lambda gives {run.start_seconds}", _quicker_start(run, init)
        )


def _slow_start(run: Run) -> Iterator[Problem]:
    init = _known(run.seen.init_s)
    if MARGIN * run.start_seconds < init <= run.start_seconds:
        yield Problem(
            f"a start takes {init:.1f} s {run.seen.how}, of {run.start_seconds} on Lambda", _quicker_start(run, init)
        )


def _quicker_start(run: Run, init: float) -> str:
    memory = run.serving.memory_mb
    enough = min(_rounded(memory * init / (MARGIN * run.start_seconds)), MEGABYTES_PER_CPU)
    ways = [f"set `serving.memory_mb: {enough}`, which is more processor, too"] if memory < enough else []
    ways += [] if run.starts_ahead else [f"set `serving.snap_start: true`: its start may take {AHEAD_SECONDS} s"]
    return "; or ".join([*ways, "make the model smaller"])


# --- Memory ---------------------------------------------------------------------------------------------------


def _memory(run: Run) -> Iterator[Problem]:
    limit, memory = run.seen.limit_mb, run.serving.memory_mb
    if run.seen.killed:
        yield Problem(
            f"the model was ended for want of memory at {limit:,} MB, with {_asked(run)}",
            "measure it on a machine with more memory" if limit < LARGEST_MB else "make the model smaller",
        )
    elif (peak := _known(run.seen.peak_mb)) > memory:
        yield Problem(
            f"it held {peak:.0f} MB with {_asked(run)}; serving.memory_mb is {memory}",
            _more_memory(peak, run.seen.batch_rows),
        )


def _short_memory(run: Run) -> Iterator[Problem]:
    peak, memory = _known(run.seen.peak_mb), run.serving.memory_mb
    if HEADROOM * memory < peak <= memory and not run.seen.killed:
        yield Problem(f"it held {peak:.0f} MB of {memory} with {_asked(run)}", _more_memory(peak, run.seen.batch_rows))


def _more_memory(peak: float, rows: int) -> str:
    enough = _rounded(peak / HEADROOM)
    if enough > LARGEST_MB:
        return f"make the model smaller, or lower serving.max_batch_rows: no function has over {LARGEST_MB:,} MB"
    return f"set `serving.memory_mb: {enough}`" + ("; or lower serving.max_batch_rows" if rows > 1 else "")


def _asked(run: Run) -> str:
    return f"a request of {run.seen.batch_rows:,} rows" if run.seen.batch_rows > 1 else "one row"


def _rounded(memory_mb: float) -> int:
    """Up to a multiple of 64 MB."""
    return math.ceil(memory_mb / 64) * 64


# --- Answers and their time -----------------------------------------------------------------------------------


def _answers(run: Run) -> Iterator[Problem]:
    if run.seen.refused_row and not run.seen.killed:
        yield Problem(f"a known row gets no answer: {run.seen.refused_row}", "run `serin verify` and mend what it says")


def _batches(run: Run) -> Iterator[Problem]:
    _known(run.seen.row_ms)
    if run.seen.refused_batch and not run.seen.killed and not run.seen.late:
        yield Problem(
            f"a row is answered, {run.seen.batch_rows:,} of it at once are not: {run.seen.refused_batch}",
            "export the model with a batch axis of any length, or set `serving.max_batch_rows: 1`",
        )


def _time_out(run: Run) -> Iterator[Problem]:
    seconds, rows = run.serving.timeout_seconds, run.seen.batch_rows
    took = run.seen.batch_ms
    if (run.seen.late and run.seen.row_ms is not None) or (took is not None and took > seconds * 1000):
        said = "are not answered" if took is None or run.seen.late else f"take {took / 1000:.1f} s"
        yield Problem(f"{rows:,} rows {said} within serving.timeout_seconds, {seconds} s", _faster(run, took))
    else:
        _known(took)


def _short_time(run: Run) -> Iterator[Problem]:
    took, seconds = _known(run.seen.batch_ms), run.serving.timeout_seconds
    if MARGIN * seconds * 1000 < took <= seconds * 1000:
        yield Problem(
            f"{_asked(run)} takes {took / 1000:.1f} s of serving.timeout_seconds, {seconds}", _faster(run, took)
        )


def _faster(run: Run, took_ms: float | None) -> str:
    serving, rows = run.serving, run.seen.batch_rows
    guessed = max(serving.timeout_seconds / MARGIN, rows * (run.seen.row_ms or 0.0) / 1000)
    took = took_ms / 1000 if took_ms is not None else guessed
    fewer = max(math.floor(rows * MARGIN * serving.timeout_seconds / took), 1)
    longer = math.ceil(took / MARGIN)
    ways = [f"set `serving.max_batch_rows: {fewer}`"] if rows > 1 else []
    ways += [f"set `serving.timeout_seconds: {longer}`"] if took_ms is not None and longer < GATEWAY_SECONDS else []
    return "; or ".join([*ways, "give it more of a processor by serving.memory_mb (`serin bench` says how much)"])


def _gateway(run: Run) -> Iterator[Problem]:
    if run.starts_ahead:
        return
    init, seconds = _known(run.seen.init_s), run.serving.timeout_seconds
    if init + seconds > GATEWAY_SECONDS:
        yield Problem(
            f"serving.timeout_seconds is {seconds} and a start takes {init:.2g} s {run.seen.how}",
            f"set `serving.timeout_seconds: {max(math.floor(GATEWAY_SECONDS - init), 1)}`",
        )


def _latency(run: Run) -> Iterator[Problem]:
    row, target = _known(run.seen.row_ms), run.serving.latency_target_ms
    if row > target:
        yield Problem(
            f"one row takes {row:.1f} ms {run.seen.how}; serving.latency_target_ms is {target:g}",
            f"set `serving.latency_target_ms: {math.ceil(row / MARGIN)}`, or give it more of a processor by "
            "serving.memory_mb (`serin bench` says how much)",
        )


RUNNING_CHECKS: Final[Sequence[Examiner[Run]]] = (
    Examiner(
        Check(
            "image-size",
            Severity.ERROR,
            f"an image of more than {IMAGE_BYTES // 2**30} GB, {BASE_BYTES // 2**30} of them counted for its base",
            "Lambda takes no larger image",
            "a smaller model",
        ),
        _image,
    ),
    Examiner(
        Check(
            "start",
            Severity.ERROR,
            f"a start that takes longer than {INIT_SECONDS} s, or {AHEAD_SECONDS} with SnapStart or provisioned "
            "concurrency",
            "Lambda ends such a start and begins anew within the request, which waits for all of it",
            "more memory up to 1769 MB, SnapStart, or a smaller model",
        ),
        _start,
    ),
    Examiner(
        Check(
            "start-margin",
            Severity.WARNING,
            "a start that takes more than half of that",
            "Lambda's processors are others than this machine's, and the image must be fetched, too",
            "the same",
        ),
        _slow_start,
    ),
    Examiner(
        Check(
            "memory",
            Severity.ERROR,
            "more memory held than `serving.memory_mb`, after rows and the largest batch that goes through",
            "Lambda kills the function in the middle of the request, and the next one waits for a start",
            "more `serving.memory_mb`",
        ),
        _memory,
    ),
    Examiner(
        Check(
            "memory-margin",
            Severity.WARNING,
            f"more than {HEADROOM:.0%} of it held",
            "Lambda's own processes and other rows want memory, too",
            "more `serving.memory_mb`",
        ),
        _short_memory,
    ),
    Examiner(
        Check(
            "answers",
            Severity.ERROR,
            "a golden row that the started function does not answer",
            "it would be the same on Lambda, for every request",
            "`serin verify` says more",
        ),
        _answers,
    ),
    Examiner(
        Check(
            "batches",
            Severity.ERROR,
            "a row that is answered alone and refused as a batch of itself",
            "the graph holds a batch size of its own, so requests of several rows get 422",
            "export with a batch axis of any length, or `serving.max_batch_rows: 1`",
        ),
        _batches,
    ),
    Examiner(
        Check(
            "time-out",
            Severity.ERROR,
            "the largest batch that goes through, not answered within `serving.timeout_seconds`",
            "such a request gets 504, after it has been paid for",
            "fewer `serving.max_batch_rows`, a longer time-out, or more memory",
        ),
        _time_out,
    ),
    Examiner(
        Check(
            "time-out-margin",
            Severity.WARNING,
            "one that takes more than half of it",
            "Lambda's processors are others than this machine's",
            "the same",
        ),
        _short_time,
    ),
    Examiner(
        Check(
            "gateway-time",
            Severity.WARNING,
            f"a start and `serving.timeout_seconds` that together are over {GATEWAY_SECONDS} s",
            "API Gateway waits so long: a cold request that takes its time is answered 504 while the function still "
            "works and is paid for",
            f"`serving.timeout_seconds` at most {GATEWAY_SECONDS} less the start",
        ),
        _gateway,
    ),
    Examiner(
        Check(
            "latency",
            Severity.WARNING,
            "one row that takes longer than `serving.latency_target_ms`",
            "the latency alarm is raised with the first traffic, and stays",
            "another target, or more memory",
        ),
        _latency,
    ),
)
