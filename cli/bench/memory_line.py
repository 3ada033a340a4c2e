"""``serving.memory_mb`` of a ``model.yaml``, changed on its own line; every other byte stays."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Final

import yaml

from serin.errors import ModelFolderError

_SECTION: Final = "serving"
_KEY: Final = "memory_mb"


def write_memory(file: Path, memory_mb: int) -> bool:
    """Set the key in ``file``, adding key or section where it is missing; whether anything had to change.

    The file is replaced in one step, and keeps its permissions.

    Raises:
        ModelFolderError: it cannot be read or written, or is written in a way that this cannot change.
    """
    try:
        before = file.read_bytes().decode()
        after = with_memory(before, memory_mb)
        if after is None:
            message = f"{_KEY} cannot be changed where it stands; set it to {memory_mb} by hand"
            raise ModelFolderError(str(file), f"{_SECTION}.{_KEY}", message)
        if after == before:
            return False
        _replace(file.resolve(), after.encode())
    except OSError as error:
        raise ModelFolderError(str(file), None, f"cannot be written ({error.strerror})") from None
    return True


def with_memory(text: str, memory_mb: int) -> str | None:
    """``text``, valid YAML, with the key set; None where no change of one line does it."""
    changed = _changed(text, str(memory_mb))
    due = yaml.safe_load(text) or {}
    due = {**due, _SECTION: {**(due.get(_SECTION) or {}), _KEY: memory_mb}}
    try:
        return changed if changed is not None and yaml.safe_load(changed) == due else None
    except yaml.YAMLError:
        return None


def _changed(text: str, value: str) -> str | None:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        return None
    line_end = "\r\n" if "\r\n" in text else "\n"
    key, section = _item(root, _SECTION)
    if key is None or section is None:
        return _appended(text, f"{_SECTION}:{line_end}  {_KEY}: {value}{line_end}", line_end)
    if not isinstance(section, yaml.MappingNode):  # the section without anything in it
        at = key.end_mark.index + 1
        return f"{text[:at]}{line_end}  {_KEY}: {value}{text[at:]}"
    _, memory = _item(section, _KEY)
    if memory is not None:
        return text[: memory.start_mark.index] + value + text[memory.end_mark.index :]
    if section.flow_style:
        at = section.start_mark.index + 1
        return f"{text[:at]}{_KEY}: {value}{', ' if section.value else ''}{text[at:]}"
    at = section.start_mark.index
    indent = " " * section.start_mark.column
    return f"{text[:at]}{_KEY}: {value}{line_end}{indent}{text[at:]}"


def _item(mapping: yaml.MappingNode, name: str) -> tuple[Any, Any]:
    """The nodes of a key and its value; None for both where it is not there."""
    found = [(key, value) for key, value in mapping.value if key.value == name]
    return found[0] if found else (None, None)


def _appended(text: str, section: str, line_end: str) -> str:
    blank = "" if text.endswith("\n") else line_end
    return f"{text}{blank}{line_end}{section}"


def _replace(file: Path, data: bytes) -> None:
    beside = file.with_name(f".{file.name}.new")
    try:
        beside.write_bytes(data)
        shutil.copymode(file, beside)
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
