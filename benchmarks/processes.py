"""Handlers in fresh processes: how long until the first answer, how long each call takes, what memory it needs."""

from __future__ import annotations

import marshal
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

from local.errors import LocalError

DRIVER: Final = Path(__file__).with_name("driver.py")
LONGEST_SECONDS: Final = 120.0

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Subject:
    """A handler, as Lambda names it, and the Python, the folder and the environment that it runs in.

    ``program``: what Python is given where Lambda's runtime client starts the handler, its own options first.
    ``prelude``: a module that does what ``program`` does before it runs that client; empty where it does nothing.
    """

    name: str
    python: Path
    directory: Path
    handler: str
    environment: Mapping[str, str]
    program: tuple[str, ...] = ("-m", "awslambdaric")
    prelude: str = ""

    @property
    def options(self) -> tuple[str, ...]:
        """Python's own, such as ``-S``."""
        return tuple(takewhile(lambda word: word.startswith("-") and word != "-m", self.program))


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes. ``resident`` now, ``peak`` at most, ``mapped``: by file, its pages that mappings have touched."""

    resident: int
    peak: int
    mapped: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class FirstAnswer:
    """``seconds`` from the start of the process to its answer."""

    seconds: float
    answer: Mapping[str, Any]
    memory: Memory
    log: bytes


@dataclass(frozen=True, slots=True)
class Calls:
    """Nanoseconds of each call of a warm process, its last answer, and its memory after them."""

    times: Sequence[int]
    answer: Mapping[str, Any]
    memory: Memory


def first_answer(subject: Subject, event: Event, before: Sequence[str] = ()) -> FirstAnswer:
    """Start a process, have it answer, end it. ``before`` are words that run a program in their own way.

    Raises:
        LocalError: it did not answer.
    """
    begun = time.perf_counter()
    with _running(subject, event, 0, 1, before) as (process, answers, log):
        _, answer = _receive(subject, answers, log)
        seconds = time.perf_counter() - begun
        return FirstAnswer(seconds, answer, _memory(process.pid), Path(log.name).read_bytes())


def calls(subject: Subject, event: Event, count: int, warmup: int = 0) -> Calls:
    """Answers of one process to ``count`` events that are alike, after ``warmup`` others.

    Its log lines go into a file, so that no reader's waking is measured.

    Raises:
        LocalError: it did not answer.
    """
    with _running(subject, event, warmup, count) as (process, answers, log):
        times, answer = _receive(subject, answers, log)
        return Calls(times, answer, _memory(process.pid))


@contextmanager
def _running(
    subject: Subject, event: Event, warmup: int, count: int, before: Sequence[str] = ()
) -> Iterator[tuple[subprocess.Popen[bytes], int, Any]]:
    answers, answer = os.pipe()
    hold, release = os.pipe()
    with tempfile.TemporaryFile() as stdin, tempfile.NamedTemporaryFile() as log:
        stdin.write(marshal.dumps(dict(event)))
        stdin.seek(0)
        numbers = map(str, (answer, hold, warmup, count))
        process = subprocess.Popen(  # noqa: S603 - the project's own programs
            [*before, str(subject.python), *subject.options, str(DRIVER), subject.handler, *numbers, subject.prelude],
            stdin=stdin,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=subject.directory,
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **subject.environment},
            pass_fds=(answer, hold),
        )
        too_late = threading.Timer(LONGEST_SECONDS, process.kill)
        too_late.start()
        os.close(answer)
        os.close(hold)
        try:
            yield process, answers, log
        finally:
            os.close(release)
            os.close(answers)
            try:
                process.wait(LONGEST_SECONDS)
            finally:
                too_late.cancel()
                process.kill()
                process.wait()


def _receive(subject: Subject, answers: int, log: Any) -> Any:
    length = int.from_bytes(_read(answers, 4), "little")
    data = _read(answers, length)
    if not data:
        said = Path(log.name).read_text(errors="replace").strip().splitlines() or ["nothing"]
        message = f"{subject.name}: did not answer; it said: {said[-1]}"
        raise LocalError(message)
    return marshal.loads(data)  # noqa: S302 - our own driver wrote it


def _read(descriptor: int, count: int) -> bytes:
    """Exactly ``count`` bytes; fewer where the writer has gone."""
    data = b""
    while len(data) < count and (piece := os.read(descriptor, count - len(data))):
        data += piece
    return data


def _memory(pid: int) -> Memory:
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    kilobytes = {name: int(status[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM")}
    return Memory(kilobytes["VmRSS"], kilobytes["VmHWM"], mapped_bytes(Path(f"/proc/{pid}/smaps").read_text()))


def mapped_bytes(smaps: str) -> dict[str, int]:
    """Resident bytes of the mappings that have a file, by file. Source: proc_pid_smaps(5)."""
    found: dict[str, int] = {}
    file = ""
    for line in smaps.splitlines():
        words = line.split(maxsplit=5)
        if not words[0].endswith(":"):
            file = words[5] if len(words) > 5 and words[5].startswith("/") else ""
        elif words[0] == "Rss:" and file:
            found[file] = found.get(file, 0) + int(words[1]) * 1024
    return found
