"""Single values of a ``model.yaml``, changed on their own lines; every other byte, comments too, stays."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from serin.errors import ModelFolderError
from serin.manifest import Scalar

KeyPath = tuple[str | int, ...]
"""Keys and places in lists that lead to a value, e.g. ``("outputs", 0, "tolerance", "absolute")``."""

_STEP: Final = "  "


def write_values(file: Path, values: Mapping[KeyPath, Scalar]) -> bool:
    """Set the values in ``file``, adding keys and sections where they are missing; whether anything had to change.

    The file is replaced in one step, and keeps its permissions.

    Raises:
        ModelFolderError: it cannot be read or written, or is written in a way that this cannot change.
    """
    try:
        before = file.read_bytes().decode()
        text = before
        for path, value in values.items():
            after = with_value(text, path, value)
            if after is None:
                message = f"cannot be changed where it stands; set it to {value} by hand"
                raise ModelFolderError(str(file), told(path), message)
            text = after
        if text == before:
            return False
        _replace(file.resolve(), text.encode())
    except OSError as error:
        raise ModelFolderError(str(file), None, f"cannot be written ({error.strerror})") from None
    return True


def told(path: KeyPath) -> str:
    """The path as errors name it, e.g. ``outputs[0].tolerance.absolute``."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def with_value(text: str, path: KeyPath, value: Scalar) -> str | None:
    """``text``, valid YAML, with the value set; None where no change of its own lines does it."""
    changed = _changed(text, path, _scalar(value))
    if changed is None:
        return None
    try:
        return changed if yaml.safe_load(changed) == _with(yaml.safe_load(text), path, value) else None
    except yaml.YAMLError:
        return None


def _with(document: Any, path: KeyPath, value: Scalar) -> Any:
    """What ``text`` must mean afterwards."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        items = list(document)
        items[step] = _with(items[step], rest, value)
        return items
    mapping = copy.copy(document) or {}
    return {**mapping, step: _with(mapping.get(step), rest, value)}


def _changed(text: str, path: KeyPath, value: str) -> str | None:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        return None
    key: Any = None
    node: Any = root
    for depth, step in enumerate(path):
        rest = path[depth:]
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
        elif not isinstance(node, yaml.MappingNode):
            return _begun(text, key, rest, value)
        else:
            key, child = _item(node, step)
            if child is None:
                return _added(text, node, rest, value, top=node is root)
            node = child
    return text[: node.start_mark.index] + value + text[node.end_mark.index :]


def _item(mapping: yaml.MappingNode, name: str | int) -> tuple[Any, Any]:
    """The nodes of a key and its value; None for both where it is not there."""
    found = [(key, value) for key, value in mapping.value if key.value == name]
    return found[0] if found else (None, None)


def _begun(text: str, key: Any, rest: KeyPath, value: str) -> str | None:
    """With the first item of a section that has none."""
    if key is None:
        return None
    at, end = key.end_mark.index + 1, _line_end(text)
    return f"{text[:at]}{end}{_block(rest, value, ' ' * key.start_mark.column + _STEP, end)}{text[at:]}"


def _added(text: str, mapping: yaml.MappingNode, rest: KeyPath, value: str, *, top: bool) -> str:
    """With another item of a mapping: after its last line, or as its first where that line is hard to tell."""
    end = _line_end(text)
    if mapping.flow_style:
        at = mapping.start_mark.index + 1
        return f"{text[:at]}{_flow(rest, value)}{', ' if mapping.value else ''}{text[at:]}"
    if top:
        blank = "" if text.endswith("\n") else end
        return f"{text}{blank}{end if len(rest) > 1 else ''}{_block(rest, value, '', end)}{end}"
    indent = " " * mapping.start_mark.column
    block = _block(rest, value, indent, end)
    last = _last_leaf(mapping)
    if last is None:
        at = mapping.start_mark.index
        return f"{text[:at]}{block.removeprefix(indent)}{end}{indent}{text[at:]}"
    at = text.find("\n", last) + 1
    return f"{text[:at]}{block}{end}{text[at:]}" if at else f"{text}{end}{block}{end}"


def _last_leaf(node: Any) -> int | None:
    """Where the last value of a node ends; None for a text in a block, whose end the parser puts further down."""
    if isinstance(node, yaml.ScalarNode):
        return None if node.style in {"|", ">"} else int(node.end_mark.index)
    if node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _last_leaf(last[1] if isinstance(node, yaml.MappingNode) else last)


def _block(rest: KeyPath, value: str, indent: str, end: str) -> str:
    lines = [f"{indent}{_STEP * depth}{key}:" for depth, key in enumerate(rest)]
    return f"{end.join(lines)} {value}"


def _flow(rest: KeyPath, value: str) -> str:
    return f"{rest[0]}: {value}" if len(rest) == 1 else f"{rest[0]}: {{{_flow(rest[1:], value)}}}"


def _scalar(value: Scalar) -> str:
    return str(yaml.safe_dump(value).partition("\n")[0])


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _replace(file: Path, data: bytes) -> None:
    beside = file.with_name(f".{file.name}.new")
    try:
        beside.write_bytes(data)
        shutil.copymode(file, beside)
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
