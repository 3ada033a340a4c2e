"""The most memory that a running program has held. Source: proc_pid_status(5), getrusage(2)."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

from serin.process import peak_memory_mb as peak_memory_of_this_process

_PEAK: Final = re.compile(r"^VmHWM:\s+([0-9]+) kB$", re.MULTILINE)


def peak_memory_mb(program: Path, mark: str) -> float | None:
    """Peak resident memory, MB, of the process that ``program`` was started as and whose environment holds ``mark``.

    ``mark`` is a ``NAME=value``. None where no such process runs. It may be a child of any process, also within a
    container that shares this machine's process ids.
    """
    for process in Path("/proc").iterdir():
        if process.name.isdecimal() and _is(process, program, mark):
            found = _PEAK.search(_read(process / "status"))
            return int(found[1]) / 1024 if found else None
    return None


def own_peak_memory_mb() -> float:
    """Peak resident memory, MB, of this process."""
    known = peak_memory_of_this_process()
    if known is not None:
        return known
    import resource  # with Unix

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 1024


def _is(process: Path, program: Path, mark: str) -> bool:
    started_as = _read(process / "cmdline").partition("\0")[0]
    return started_as == str(program) and mark in _read(process / "environ").split("\0")


def _read(file: Path) -> str:
    """Empty for a process that has ended or is another user's."""
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
