"""What a process knows of itself, and how it tells a release that asks. Standard library alone. Source: proc(5)."""

from __future__ import annotations

import os
import time
from typing import Final

REPLAY: Final = "serin-release-"
"""How the id of a request begins that a release sent itself. Whoever serves clients draws the ids of theirs."""

FIGURES: Final = "x-process-figures"
"""The header in which such a request is told ``total_ms``, ``cold_start``, ``memory_mb`` and ``init_ms``, as a JSON
object. What is not known is not in it."""

_MOST_BYTES: Final = 8192


def peak_memory_mb() -> float | None:
    """Most resident memory, MB, that this process has held; None where the system does not tell.

    Its own: ``getrusage`` may count what started it, and its module is a file more to open at a start.
    """
    try:
        status = _read("/proc/self/status")
        begin = status.index(b"VmHWM:") + 6
        return int(status[begin : status.index(b"kB", begin)]) / 1024
    except (OSError, ValueError):
        return None


def boot_seconds() -> float | None:
    """The time, in seconds since the machine's start; None where the system does not tell."""
    try:
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    except (AttributeError, OSError):
        return None


def started_at() -> float | None:
    """When this process was started, on the clock of ``boot_seconds``, to a hundredth of a second downwards."""
    try:
        # The program's name comes before, in parentheses, and may hold anything.
        ticks = _read("/proc/self/stat").rpartition(b")")[2].split()[19]
        return int(ticks) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return None


def _read(file: str) -> bytes:
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, _MOST_BYTES)
    finally:
        os.close(descriptor)
