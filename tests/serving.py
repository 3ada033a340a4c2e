"""`serin serve` as a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

LAST_LINE: Final = "Ctrl-C stops it.\n"
COMMAND: Final = (sys.executable, "-c", "from cli.main import main; main()")
"""The console script's own call, whatever environment the tests run in."""


@dataclass(frozen=True)
class Serving:
    """A server that is ready. ``printed``: what it wrote to stdout until then. It has a minute in all."""

    process: subprocess.Popen[str]
    url: str
    printed: list[str]
    errors: IO[str]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(40)

    def said(self) -> list[str]:
        """The lines on stderr so far."""
        self.errors.seek(0)
        return self.errors.read().splitlines()


@contextmanager
def serving(models: Path, *options: str) -> Iterator[Serving]:
    """Serve ``models`` on a free port; ended with the block."""
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            [*COMMAND, "serve", "--models", str(models), "--port", "0", *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        too_late = threading.Timer(60, process.kill)
        too_late.start()
        try:
            yield Serving(process, *_ready(process, errors), errors)
        finally:
            too_late.cancel()
            process.kill()
            process.communicate()


def _ready(process: subprocess.Popen[str], errors: IO[str]) -> tuple[str, list[str]]:
    """The URL and everything printed, once all of it is."""
    assert process.stdout is not None
    printed: list[str] = []
    for line in process.stdout:
        if line == LAST_LINE:
            return printed[0].split()[-1], printed
        printed.append(line)
    errors.seek(0)
    raise AssertionError(f"serin serve ended with {process.wait()}: {errors.read()}")
