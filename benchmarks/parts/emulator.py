"""Init under AWS's own runtime interface emulator: the process starts, imports, and asks for its first event."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Final

from benchmarks.parts.cold import EVENT
from benchmarks.processes import Subject
from benchmarks.rows import Outcome, compare, interleave
from benchmarks.subjects import workshop
from local.errors import LocalError
from local.rie import RieProcess, RieSettings

name: Final = "emulator"
_ANSWERED: Final = re.compile(rb'{"statusCode": ?200,')


def run(quick: bool) -> list[Outcome]:
    """The emulator's own report of the time. The bare handler has Lambda's runtime client beside it, as ours has."""
    with workshop() as shop:
        bare = shop.reference("plain", "bare.lambda_handler")
        takers: list[Callable[[], float]] = [partial(_init, subject) for subject in (shop.serin(), bare)]
        pairs = [(ours, theirs) for ours, theirs in interleave(takers, 2 if quick else 11)]
    what = "init under the runtime interface emulator"
    return [compare("init", what, "bare handler", "ms", pairs, target=None)]


def _init(subject: Subject) -> float:
    settings = RieSettings(
        handler=subject.handler,
        directory=subject.directory,
        python=subject.python,
        program=subject.program,
        environment={"PYTHONPATH": str(subject.directory), **subject.environment},
    )
    with RieProcess(settings) as process:
        payload = process.invoke(json.dumps(EVENT).encode()).payload
        seconds = process.init_seconds
    if seconds is None or not _ANSWERED.match(payload):
        message = f"{subject.name}: no answer under the emulator: {payload[:200]!r}"
        raise LocalError(message)
    return seconds * 1000
