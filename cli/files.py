"""Files that a command writes: whole, or not at all."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from serin.errors import ModelFolderError


def replace_text(file: Path, text: str) -> None:
    """Put ``text`` in the place of ``file``, in one step.

    Raises:
        ModelFolderError: it cannot be written; what was there is there still.
    """
    beside = file.parent / f".{file.name}.new"
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(file)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise ModelFolderError(str(file), None, f"cannot be written ({error.strerror})") from None
