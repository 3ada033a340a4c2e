"""Files that a command writes: whole, or not at all."""

from __future__ import annotations

from pathlib import Path

from serin.errors import ModelFolderError


def replace_text(file: Path, text: str) -> None:
    """Put ``text`` in the place of ``file``, in one step.

    Raises:
        ModelFolderError: it cannot be written; what was there is there still.
    """
    beside = file.with_name(f".{file.name}.new")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(file)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise ModelFolderError(str(file), None, f"cannot be written ({error.strerror})") from None
