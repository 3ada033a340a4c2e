"""What Lambda gives a function of a machine, given to one program here: a share of the processors, and memory.

By control groups of the first or the second version where they can be written, else by podman, in a container whose
root is this machine's own, read-only to it. Sources: the kernel's documentation, cgroup-v1/memory.rst,
scheduler/sched-bwc.rst and cgroup-v2.rst; podman-run(1).
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from local.containers import ENGINE_CONFIGURATION
from local.image import MEGABYTES_PER_CPU

PERIOD_US: Final = 20_000
"""The time over which a share is counted: a program that has used it up waits for the next such time. Lambda's is
20 ms as measured from within functions (Demystifying Serverless Costs on Public Platforms, arXiv 2506.01283)."""

PODMAN: Final = "podman"
_MB: Final = 1024 * 1024
_EMPTY_SECONDS: Final = 5.0
_PODMAN_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Share:
    """``cpus``: processors' worth of time; ``memory_mb``: most memory, no swap beside it."""

    cpus: float
    memory_mb: int

    @classmethod
    def of_lambda(cls, memory_mb: int) -> Share:
        """What Lambda gives a function of this memory (developer guide, "Configure Lambda function memory")."""
        return cls(memory_mb / MEGABYTES_PER_CPU, memory_mb)


@dataclass(frozen=True, slots=True)
class Limited:
    """How to start a function under a limit, see ``RieSettings``. Over its memory, the kernel kills it."""

    before_emulator: tuple[str, ...] = ()
    before_function: tuple[str, ...] = ()


Limiter = Callable[[Share], AbstractContextManager[Limited]]


@dataclass(frozen=True, slots=True)
class Way:
    """A way to limit that works on this machine; ``name`` is for people."""

    name: str
    limit: Limiter


def way_to_limit(*, podman: bool = True) -> Way | None:
    """The first way that works here, tried with a program that does nothing; None where none does.

    ``podman``: whether it may be podman, whose start takes its time.
    """
    for way in _ways():
        if (podman or way.name != PODMAN) and _works(way):
            return way
    return None


def _ways() -> Iterator[Way]:
    mounts, own = Path("/proc/self/mountinfo").read_text(), Path("/proc/self/cgroup").read_text()
    first = first_version_groups(mounts, own)
    if first is not None:
        yield Way("control groups", partial(_first_version, *first))
    for parent in second_version_groups(mounts, own):
        yield Way("control groups", partial(_second_version, parent))
    podman = shutil.which("podman")
    if podman is not None:
        yield Way(PODMAN, partial(_podman, podman))


def _works(way: Way) -> bool:
    try:
        with way.limit(Share(0.5, 256)) as limited:
            command = [*limited.before_emulator, *limited.before_function, "true"]
            done = subprocess.run(command, capture_output=True, check=False, timeout=_PODMAN_SECONDS)  # noqa: S603
            return done.returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


# --- Control groups -------------------------------------------------------------------------------------------


def first_version_groups(mounts: str, own: str) -> tuple[Path, Path] | None:
    """This process's groups of the controllers ``cpu`` and ``memory``; None where one of them is not of version 1.

    ``mounts`` and ``own`` are the texts of ``/proc/self/mountinfo`` and ``/proc/self/cgroup``.
    """
    paths = {name: path for line in own.splitlines() for name, path in _controllers(line)}
    points = {name: place for kind, place, options in _mounted(mounts) if kind == "cgroup" for name in options}
    cpu, memory = (points[name] / paths[name] if {name} <= points.keys() & paths.keys() else None for name in _BOTH)
    return None if cpu is None or memory is None else (cpu, memory)


def second_version_groups(mounts: str, own: str) -> list[Path]:
    """Groups of version 2, this process's or above it, whose children may be limited; the nearest first."""
    [path] = [line.removeprefix("0::/") for line in own.splitlines() if line.startswith("0::/")] or [""]
    found = []
    for kind, place, _ in _mounted(mounts):
        if kind == "cgroup2":
            group = place / path
            above = [group, *(parent for parent in group.parents if parent.is_relative_to(place))]
            found += [parent for parent in above if _passes_on(parent)]
    return found


_BOTH: Final = ("cpu", "memory")


def _controllers(line: str) -> list[tuple[str, str]]:
    """Names, with the path of the group: ``4:cpu,cpuacct:/user``."""
    _, names, path = line.split(":", 2)
    return [(name, path.lstrip("/")) for name in names.split(",")]


def _mounted(mounts: str) -> Iterator[tuple[str, Path, frozenset[str]]]:
    """File system, mount point and options of each line. Source: proc_pid_mountinfo(5)."""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        yield after.split()[0], Path(before.split()[4]), frozenset(after.split()[2].split(","))


def _passes_on(parent: Path) -> bool:
    try:
        passed = (parent / "cgroup.subtree_control").read_text().split()
    except OSError:
        return False
    return set(_BOTH) <= set(passed) and os.access(parent, os.W_OK)


@contextmanager
def _first_version(cpu: Path, memory: Path, share: Share) -> Iterator[Limited]:
    with _group(cpu) as of_cpu, _group(memory) as of_memory:
        (of_cpu / "cpu.cfs_period_us").write_text(str(PERIOD_US))
        (of_cpu / "cpu.cfs_quota_us").write_text(str(round(share.cpus * PERIOD_US)))
        (of_memory / "memory.limit_in_bytes").write_text(str(share.memory_mb * _MB))
        with_swap = of_memory / "memory.memsw.limit_in_bytes"  # where the kernel counts swap
        if with_swap.exists():
            with_swap.write_text(str(share.memory_mb * _MB))
        yield Limited(before_function=_joining(of_cpu, of_memory))


@contextmanager
def _second_version(parent: Path, share: Share) -> Iterator[Limited]:
    with _group(parent) as group:
        (group / "cpu.max").write_text(f"{round(share.cpus * PERIOD_US)} {PERIOD_US}")
        (group / "memory.max").write_text(str(share.memory_mb * _MB))
        swap = group / "memory.swap.max"
        if swap.exists():
            swap.write_text("0")
        yield Limited(before_function=_joining(group))


@contextmanager
def _group(parent: Path) -> Iterator[Path]:
    """A new group below ``parent``, removed when the processes in it have ended."""
    group = parent / f"serin-{secrets.token_hex(6)}"
    group.mkdir()
    try:
        yield group
    finally:
        _remove(group)


def _remove(group: Path) -> None:
    """A process that was killed stays in its group for a moment."""
    until = time.monotonic() + _EMPTY_SECONDS
    while True:
        try:
            return group.rmdir()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)


def _joining(*groups: Path) -> tuple[str, ...]:
    """Words that move a program into ``groups`` and then run it."""
    moves = "".join(f"echo $$ > '{group}/cgroup.procs' && " for group in groups)
    return ("/bin/sh", "-c", f'{moves}exec "$@"', "sh")


# --- Podman ---------------------------------------------------------------------------------------------------


@contextmanager
def _podman(podman: str, share: Share) -> Iterator[Limited]:
    """The emulator goes into the container too: the function talks to it on loopback, which both share."""
    with tempfile.TemporaryDirectory(prefix="serin-share-") as folder:
        # Another user's engine is set up by its system, and may limit by it alone.
        configuration = Path(folder) / "containers.conf"
        configuration.write_text(ENGINE_CONFIGURATION)
        surroundings = {name: os.environ[name] for name in ("HOME", "XDG_RUNTIME_DIR") if name in os.environ}
        if os.geteuid() == 0:
            surroundings["CONTAINERS_CONF"] = str(configuration)
        options = ["--rm", "--quiet", "--network", "host", "--pid", "host", "--env-host", "--cpus", f"{share.cpus:.3f}"]
        options += ["--memory", f"{share.memory_mb}m", "--memory-swap", f"{share.memory_mb}m", "--rootfs", "/:O"]
        # Where a container runs out of memory, its monitor leaves a file named "oom" in its folder.
        start = f"from=$PWD; cd '{folder}' && " + 'exec "$0" run --workdir "$from" "$@"'
        yield Limited(
            before_emulator=(
                *("/usr/bin/env", *map("=".join, surroundings.items())),
                *("/bin/sh", "-c", start, podman, *options),
            )
        )
