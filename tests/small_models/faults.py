"""Faults in a model folder: changes to a good one, and the line that refuses it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from serin.errors import ModelFolderError

Change = Callable[[Any], object]
"""Changes a document in place."""


def put(path: str, value: Any) -> Change:
    """A change that sets what stands at ``path``, as in ``features.0.range``."""

    def change(document: Any) -> None:
        parent, last = _place(document, path)
        parent[last] = value

    return change


def drop(path: str) -> Change:
    """A change that takes out what stands at ``path``."""

    def change(document: Any) -> None:
        parent, last = _place(document, path)
        del parent[last]

    return change


def _place(document: Any, path: str) -> tuple[Any, Any]:
    *above, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in above:
        document = document[step]
    return document, last


def rewrite(folder: Path, change: Change) -> None:
    """Change ``model.yaml``."""
    file = folder / "model.yaml"
    document = yaml.safe_load(file.read_text())
    change(document)
    file.write_text(yaml.safe_dump(document, sort_keys=False))


def relock(folder: Path, change: Change) -> None:
    """Change ``model.lock.json``."""
    file = folder / "model.lock.json"
    document = json.loads(file.read_bytes())
    change(document)
    file.write_text(json.dumps(document))


def lock_file(folder: Path, name: str, data: bytes) -> None:
    """Put other bytes in the place of the artifact or the baseline, and their digest into the lock."""
    (folder / name).write_bytes(data)
    section = {"model.onnx": "artifact", "baseline.json": "baseline"}[name]
    locked = {"file": name, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    relock(folder, put(section, locked))


def refusal(action: Callable[[], object], folder: Path) -> str:
    """The one line of the refusal, from the model's folder on."""
    with pytest.raises(ModelFolderError) as caught:
        action()
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith(str(folder))
    return line.removeprefix(str(folder)).removeprefix("/")
