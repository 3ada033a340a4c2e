"""A module of Serin, run in a process of its own that cannot harm this one."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from threading import Timer
from typing import IO, Final, cast

import msgspec

_PASSED_ON: Final = ("PATH", "LD_LIBRARY_PATH", "PYTHONHOME")
_MAPPED: Final = 2**31
"""Bytes of address space beyond memory: code, stacks, and what the allocator reserves without touching it."""


class Limits(msgspec.Struct, frozen=True):
    """``seconds``: of time, and of the processor. ``memory``: bytes."""

    seconds: float
    memory: int


class Ending(msgspec.Struct, frozen=True):
    """How the process ended. ``death``: by what signal, where it did not end by itself."""

    said: bytes
    code: int
    is_late: bool

    @property
    def death(self) -> str | None:
        if self.code >= 0:
            return None
        try:
            return signal.Signals(-self.code).name
        except ValueError:
            return f"signal {-self.code}"


def run_apart(module: str, arguments: list[str], limits: Limits, *, longest: int, perturbation: int = 0) -> Ending:
    """Run `python -m MODULE MEMORY SECONDS ARGUMENTS`, which is to call ``limit_process`` first, to its end.

    Args:
        module: The module.
        arguments: Its arguments, beyond the limits.
        limits: When it is ended if it does not end.
        longest: Bytes of its output that are read; it is ended when it writes more.
        perturbation: glibc's MALLOC_PERTURB_.
    """
    if limits.seconds <= 0:
        return Ending(b"", 0, is_late=True)
    begun = time.monotonic()
    given = [str(limits.memory), str(math.ceil(limits.seconds)), *arguments]
    process = subprocess.Popen(  # noqa: S603 - this interpreter, and a module of this project
        [sys.executable, "-P", "-m", module, *given],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(perturbation),
        start_new_session=True,  # Ctrl-C is for this process alone
    )
    timer = Timer(limits.seconds, process.kill)
    timer.start()
    try:
        said = cast("IO[bytes]", process.stdout).read(longest)
        if len(said) == longest:
            process.kill()
        process.wait()
    finally:
        timer.cancel()
        process.kill()
        process.communicate()
    out_of_time = -process.returncode in (signal.SIGALRM, signal.SIGXCPU)
    return Ending(said, process.returncode, is_late=out_of_time or time.monotonic() - begun >= limits.seconds)


def limit_process(memory: str, seconds: str) -> None:
    """Hold this process to its limits: it outlives nobody, writes no file and takes no more memory.

    Args:
        memory: Bytes, as they stand in the arguments.
        seconds: Of time, and of the processor.
    """
    import resource  # with the limits of Unix; elsewhere models are looked at without being opened

    signal.alarm(int(seconds))
    for kind, most, ceiling in (
        (resource.RLIMIT_CPU, int(seconds), int(seconds) + 1),  # one that is also the ceiling ends by SIGKILL
        (resource.RLIMIT_DATA, int(memory), int(memory)),
        (resource.RLIMIT_AS, int(memory) + _MAPPED, int(memory) + _MAPPED),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_FSIZE, 0, 0),
    ):
        _, given = resource.getrlimit(kind)
        unlimited = given == resource.RLIM_INFINITY
        resource.setrlimit(kind, (most, ceiling) if unlimited else (min(most, given), min(ceiling, given)))


def _environment(perturbation: int) -> dict[str, str]:
    """What the process needs to be the same program, and nothing that the model could find of use."""
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | {
        "HOME": "/nonexistent",
        "LC_ALL": "C",
        "MALLOC_PERTURB_": str(perturbation),
        "OPENBLAS_NUM_THREADS": "1",
        "ORT_DISABLE_TELEMETRY": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path)),
    }
