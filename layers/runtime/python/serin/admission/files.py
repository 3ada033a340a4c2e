"""What may lie in a model's folder. Looks at names and kinds alone: nothing is opened before this is settled."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from serin.lock import Lock
from serin.manifest import Manifest
from serin.model_folder import LOCK_FILE, MANIFEST_FILE, SIGNATURE_FILE

ALWAYS_ALLOWED: Final = frozenset({MANIFEST_FILE, LOCK_FILE, SIGNATURE_FILE, "README.md", "CHANGELOG.md", "LICENSE"})
"""What people write about a model, the two files that say what else may be there, and the signature of all of it."""

LARGEST_TEXT: Final = 16 * 2**20
"""Bytes of a file that is not the artifact."""
LARGEST_ARTIFACT: Final = 2**31 - 1
"""Bytes: protobuf and flatbuffers end there."""


def unsafe_files(folder: Path) -> Iterator[tuple[str, str]]:
    """Names in ``folder``, each with what is wrong with it: no plain file, or too large to be read."""
    if folder.is_symlink():
        yield ".", "the folder is a symbolic link"
    for path in sorted(folder.iterdir()):
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            yield path.name, _kind(status.st_mode)
        elif status.st_size > (LARGEST_TEXT if _is_text(path) else LARGEST_ARTIFACT):
            yield path.name, f"has {status.st_size} bytes, more than are read"


def unlisted_files(folder: Path, manifest: Manifest, lock: Lock) -> Iterator[str]:
    """Names in ``folder`` that neither the manifest nor the lock has."""
    listed = {manifest.artifact.file, lock.artifact.file}
    listed |= {locked.file for locked in (lock.golden and lock.golden.file, lock.baseline) if locked}
    yield from sorted({path.name for path in folder.iterdir()} - listed - ALWAYS_ALLOWED)


def _is_text(path: Path) -> bool:
    return path.name in ALWAYS_ALLOWED or path.suffix in {".json", ".jsonl"}


def _kind(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "is a symbolic link"
    return "is a folder" if stat.S_ISDIR(mode) else "is no plain file"
