"""Virtual environments built from a hashed lock, once per lock and Python."""

from __future__ import annotations

import hashlib
import platform
import sys
from pathlib import Path

from local.commands import run
from local.once import built_once
from local.paths import CACHE


def locked_python(name: str, lock: Path, cache: Path = CACHE) -> Path:
    """The interpreter of the environment that ``lock`` describes, built into ``cache`` on the first call.

    Run it with ``-m``: the environment is built aside and moved into place whole, so its scripts name a folder that is
    gone. Raises LocalError where pip cannot install the lock.
    """
    version = platform.python_version()
    digest = hashlib.sha256(lock.read_bytes() + version.encode()).hexdigest()[:12]
    folder = built_once(cache / name / digest, lambda place: _build(place, name, lock))
    return folder / "bin" / "python"


def _build(folder: Path, name: str, lock: Path) -> None:
    run([sys.executable, "-m", "venv", folder], what=f"{name}: create its environment")
    install: list[str | Path] = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--require-hashes",
        "--no-deps",
        "--requirement",
        lock,
    ]
    run([folder / "bin" / "python", *install], what=f"{name}: install {lock.name}")
