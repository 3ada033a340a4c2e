"""One memory size measured: the inference function under AWS's interface emulator, in the share that the size buys.

Every start is a new process. Times are the emulator's own, which stand where Lambda's would in a function's log.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Final

from cli.bench.function import INIT_SECONDS, Function, Running, running, was_killed
from cli.bench.percentiles import percentile
from cli.bench.proxy import Fault
from cli.endpoint import refusal
from cli.outcome import CommandError, ExitCode
from local.cpu_share import PERIOD_US, Limited, Share, Way
from local.errors import InvocationTimedOut

_UNTIL_FRESH: Final = PERIOD_US / 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Times in milliseconds, of the function alone; memory in MB. ``warm_ms``: every request after the first."""

    memory_mb: int
    init_ms: float
    first_ms: float
    warm_ms: tuple[float, ...]
    peak_mb: float

    def warm(self, share: float) -> float:
        """A percentile of the warm requests, ms."""
        return percentile(self.warm_ms, share)


@dataclass(frozen=True, slots=True)
class Unfit:
    """A size in which the model does not run, and why, in some words."""

    memory_mb: int
    reason: str


Result = Measured | Unfit


def measure(
    function: Function, memory_mb: int, way: Way | None, *, starts: int, requests: int, done: Callable[[], None]
) -> Result:
    """Start the function ``starts`` times, and ask it ``requests`` times after its first answer, over all starts.

    ``way`` limits processors and memory; without one the function has all of this machine's. ``done`` is called after
    every start.

    Raises:
        CommandError: the model refuses its own golden case, or cannot be served at all.
        LocalError: the emulator is missing, or does not start.
    """
    runs: list[Measured] = []
    for start in range(starts):
        asked = len(range(start, requests, starts))
        with way.limit(Share.of_lambda(memory_mb)) if way else nullcontext(Limited()) as limited:
            result = _run(function, memory_mb, limited, asked)
        done()
        if isinstance(result, Unfit):
            return result
        runs.append(result)
    peak = max(run.peak_mb for run in runs)
    if peak > memory_mb:
        return Unfit(memory_mb, f"holds {peak:.0f} MB")
    return Measured(
        memory_mb=memory_mb,
        init_ms=statistics.median(run.init_ms for run in runs),
        first_ms=statistics.median(run.first_ms for run in runs),
        warm_ms=tuple(time for run in runs for time in run.warm_ms),
        peak_mb=peak,
    )


def _run(function: Function, memory_mb: int, limited: Limited, requests: int) -> Result:
    with running(function, memory_mb, limited) as process:
        try:
            for number in range(requests + 1):
                unfit = _ask(process, function, number, memory_mb)
                if unfit is not None:
                    return unfit
        except InvocationTimedOut:
            return Unfit(memory_mb, f"no answer within {function.timeout_s + INIT_SECONDS} s")
        peak, init_s, durations = process.peak_mb(), process.init_seconds, process.durations_ms
    if init_s is None or peak is None or len(durations) != requests + 1:
        raise CommandError(ExitCode.REFUSED, "the interface emulator reported no times; run the command again")
    if init_s > INIT_SECONDS:
        return Unfit(memory_mb, f"starts in {init_s:.1f} s, and Lambda gives {INIT_SECONDS}")
    return Measured(
        memory_mb=memory_mb,
        init_ms=init_s * 1000,
        first_ms=durations[0],
        warm_ms=tuple(durations[1:]),
        peak_mb=peak,
    )


def _ask(process: Running, function: Function, number: int, memory_mb: int) -> Unfit | None:
    """One request, and then a rest: requests of an API seldom find a share that the one before has used up."""
    body = function.bodies[number % len(function.bodies)]
    answer = process.ask(body)
    if isinstance(answer, Fault):
        if was_killed(answer):
            return Unfit(memory_mb, "killed for want of memory")
        raise CommandError(ExitCode.REFUSED, f"{function.model} cannot be served: {answer.error_message}")
    if answer.status_code != 200:
        said = refusal(answer.status_code, answer.content(), function.model)
        raise CommandError(ExitCode.REFUSED, f"{function.model} refuses its own example: {said}")
    time.sleep(_UNTIL_FRESH)
    return None
