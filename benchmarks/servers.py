"""HTTP servers for the length of a block, and load on them from another process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.errors import LocalError
from local.ports import LOOPBACK, free_ports, is_open, wait_until

LOAD: Final = Path(__file__).with_name("load.py")
PORT: Final = "{port}"
"""In a server's command: the port it shall take."""
_STOP_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Server:
    """How to start one: a command in a folder. ``path`` answers ``body``."""

    name: str
    command: Sequence[str]
    directory: Path
    environment: Mapping[str, str]
    path: str
    body: bytes
    start_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Loaded:
    """What one load gave. ``processor_us``: the server's time on a processor a request, over all its threads."""

    requests_per_second: float
    p50_ms: float
    p99_ms: float
    processor_us: float


@dataclass(frozen=True, slots=True)
class Running:
    """A server that listens, and the process that it was started as."""

    port: int
    pid: int

    def processor_seconds(self) -> float:
        """What the process's threads have taken so far, those apart that have ended. Source: proc_pid_stat(5)."""
        tasks = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


@contextmanager
def serving(server: Server) -> Iterator[Running]:
    """Start ``server`` and yield it; it and all that it started are gone after the block.

    Raises:
        LocalError: it ended, or did not listen in time.
    """
    [port] = free_ports(1)
    with tempfile.NamedTemporaryFile() as log:
        process = subprocess.Popen(  # noqa: S603 - the project's own programs
            [word.replace(PORT, str(port)) for word in server.command],
            cwd=server.directory,
            env={**os.environ, **server.environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

        def listens() -> bool:
            if process.poll() is not None:
                said = Path(log.name).read_text(errors="replace").strip().splitlines() or ["nothing"]
                message = f"{server.name}: ended with {process.returncode}; it said: {said[-1]}"
                raise LocalError(message)
            return is_open(port)

        try:
            wait_until(listens, seconds=server.start_seconds, what=f"{server.name} listens")
            yield Running(port, process.pid)
        finally:
            _stop(process)


def load(server: Server, running: Running, clients: int, count: int) -> Loaded:
    """``count`` requests by ``clients`` at once.

    Raises:
        LocalError: the server refuses one, or is too slow.
    """
    words = [sys.executable, str(LOAD), LOOPBACK, str(running.port), server.path, str(clients), str(count)]
    before = running.processor_seconds()
    with tempfile.TemporaryFile() as body:
        body.write(server.body)
        body.seek(0)
        done = subprocess.run(words, stdin=body, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        message = f"{server.name}: {done.stderr.strip()}"
        raise LocalError(message)
    processor_us = (running.processor_seconds() - before) / count * 1e6
    return Loaded(**json.loads(done.stdout), processor_us=processor_us)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask the whole group, then insist: a server's workers outlive it otherwise."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            continue
    process.wait()
