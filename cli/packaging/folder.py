"""A model folder put in the place of another, whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cli.packaging.source import SourceRefused


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


def replace_folder(staged: Path, folder: Path) -> None:
    """Put ``staged`` in the place of ``folder``, on the same file system.

    Raises:
        OSError: it cannot be; ``folder`` is as it was.
    """
    if not folder.exists():
        staged.rename(folder)
        return
    before = staged.with_name(f"{staged.name}.before")
    folder.rename(before)
    try:
        staged.rename(folder)
    except BaseException:  # Ctrl-C too: what is beside the staged folder goes with it
        before.rename(folder)
        raise
    shutil.rmtree(before, ignore_errors=True)
