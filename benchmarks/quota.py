"""A share of the processors, as a control group's quota gives it, the way Lambda and container engines do.

Sources: the kernel's documentation, scheduler/sched-bwc.rst and admin-guide/cgroup-v2.rst.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from local.errors import LocalError

PERIOD_US: Final = 20_000
"""Over so long a time a share is counted; a process that has used up its part waits for the next."""
_FIRST: Final = Path("/sys/fs/cgroup/cpu")
_SECOND: Final = Path("/sys/fs/cgroup")
_EMPTY_SECONDS: Final = 5.0


@contextmanager
def limited(cpus: float) -> Iterator[tuple[str, ...]]:
    """Words that run a program, and what it starts, on no more than ``cpus`` processors.

    Raises:
        LocalError: this machine's control groups cannot be written.
    """
    try:
        group = _make(cpus)
    except OSError as error:
        message = f"a share of a processor: control groups cannot be written here ({error.strerror}); try as root"
        raise LocalError(message) from None
    try:
        yield ("/bin/sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', str(group))
    finally:
        _remove(group)


def _make(cpus: float) -> Path:
    quota = round(cpus * PERIOD_US)
    first = (_FIRST / "cpu.cfs_quota_us").exists()
    group = (_FIRST if first else _SECOND) / f"serin-{os.getpid()}-{time.monotonic_ns()}"
    group.mkdir()
    try:
        if first:
            (group / "cpu.cfs_period_us").write_text(str(PERIOD_US))
            (group / "cpu.cfs_quota_us").write_text(str(quota))
        else:
            (group / "cpu.max").write_text(f"{quota} {PERIOD_US}")
    except OSError:
        group.rmdir()
        raise
    return group


def _remove(group: Path) -> None:
    """A process that has ended leaves its group a moment later."""
    until = time.monotonic() + _EMPTY_SECONDS
    while True:
        try:
            return group.rmdir()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)
