"""A model folder put in the place of another, whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cli.packaging.source import SourceRefused
from serin.admission.files import ALWAYS_ALLOWED


@contextmanager
def staged_folder(folder: Path) -> Iterator[Path]:
    """An empty folder of the same name, beside ``folder``; it is gone afterwards, unless it was put in its place.

    Raises:
        SourceRefused: it cannot be made there.
    """
    is_new = not folder.parent.exists()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".packaging-", ignore_cleanup_errors=True) as place:
            staged = Path(place, folder.name)
            staged.mkdir()
            yield staged
    except OSError as error:
        raise SourceRefused(f"{folder}: cannot be written ({error.strerror})") from None
    finally:
        if is_new:
            with suppress(OSError):  # it has something in it now
                folder.parent.rmdir()


def refuse_loss(folder: Path, own: Collection[str]) -> None:
    """Refuse to replace what is no model's folder, or has something in it that packaging did not write and cannot keep.

    Args:
        folder: The one that is to be replaced; it need not be there.
        own: Names of files that a packaged model has, beside those that every model's folder may have.

    Raises:
        SourceRefused: names the file.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise SourceRefused(f"{folder}: is no folder; choose another --name, or move it elsewhere")
    for path in sorted(folder.iterdir()) if folder.exists() else ():
        if path.name not in {*own, *ALWAYS_ALLOWED} or path.is_dir():
            raise SourceRefused(f"{path}: would be lost, for it is no part of a packaged model; move it elsewhere")


def replace_folder(staged: Path, folder: Path) -> None:
    """Put ``staged`` in the place of ``folder``, on the same file system.

    Raises:
        OSError: it cannot be; ``folder`` is as it was.
    """
    if not folder.exists():
        staged.rename(folder)
        return
    before = staged.with_name(f"{staged.name}.before")
    try:
        folder.rename(before)
        staged.rename(folder)
    except BaseException:  # an interruption too: what lies beside is about to be removed
        if before.exists() and not folder.exists():
            before.rename(folder)
        raise
    shutil.rmtree(before, ignore_errors=True)
