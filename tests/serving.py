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
from typing import Final

LAST_LINE: Final = "Ctrl-C stops it.\n"
COMMAND: Final = (sys.executable, "-c", "from cli.main import main; main()")
"""The console script's own call, whatever environment the tests run in."""


@dataclass(frozen=True)
class Serving:
    """A server that is ready. ``printed``: what it wrote to stdout until then."""

    process: subprocess.Popen[str]
    url: str
    printed: list[str]
    errors: Path

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(40)

    def said(self) -> list[str]:
        """The lines on stderr so far."""
        return self.errors.read_text().splitlines()


@contextmanager
def serving(models: Path, *options: str, seconds: float = 60) -> Iterator[Serving]:
    """Serve ``models`` on a free port; ended with the block, or after ``seconds``."""
    with tempfile.NamedTemporaryFile() as errors:
        process = subprocess.Popen(
            [*COMMAND, "serve", "--models", str(models), "--port", "0", *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        too_late = threading.Timer(seconds, process.kill)
        too_late.start()
        try:
            printed = welcome(process)
            if not printed:
                raise AssertionError(f"serin serve ended with {process.wait()}: {Path(errors.name).read_text()}")
            yield Serving(process, printed[0].split()[-1], printed, Path(errors.name))
        finally:
            too_late.cancel()
            process.kill()
            process.communicate()


def welcome(process: subprocess.Popen[str]) -> list[str]:
    """The lines that a starting server prints, up to its last; empty if it ends instead."""
    assert process.stdout is not None
    printed: list[str] = []
    for line in process.stdout:
        if line == LAST_LINE:
            return printed
        printed.append(line)
    return []
