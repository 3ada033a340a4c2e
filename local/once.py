"""Build a folder of the cache once, whoever asks first, whole or not at all."""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def built_once(folder: Path, build: Callable[[Path], None]) -> Path:
    """``folder``, made by ``build`` where it is missing; ``build`` fills another place, which is then moved here."""
    if not folder.exists():
        with one_at_a_time(folder.with_suffix(".lock")):
            if not folder.exists():
                with tempfile.TemporaryDirectory(dir=folder.parent) as staging:
                    made = Path(staging) / "made"
                    build(made)
                    made.rename(folder)
    return folder


@contextmanager
def one_at_a_time(lock: Path) -> Iterator[None]:
    """Hold ``lock`` among all processes of this machine. The kernel lets go of it if this process dies."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
