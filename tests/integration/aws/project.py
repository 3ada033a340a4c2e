"""A copy of the whole project, deployed from, so that its models can be changed."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from cli.lock import write_lock
from local.paths import REPOSITORY

_FOLDERS: Final = ("functions", "infra", "layers/runtime/python", "models")
_FILES: Final = (".dockerignore", "app.py", "cdk.json")
_ASTRAY: Final = "ENV SERIN_MODELS_DIR=/var/task/nowhere\n"
_SCRATCH: Final = shutil.ignore_patterns("__pycache__", "*.egg-info")


@dataclass(frozen=True)
class Project:
    """All that ``cdk deploy`` reads."""

    root: Path

    @classmethod
    def copied_to(cls, root: Path) -> Project:
        for folder in _FOLDERS:
            shutil.copytree(REPOSITORY / folder, root / folder, ignore=_SCRATCH)
        for file in _FILES:
            shutil.copy(REPOSITORY / file, root)
        return cls(root)

    @property
    def options(self) -> tuple[str, ...]:
        """For the CDK: the app as ``cdk.json`` starts it, with this Python."""
        return ("--app", f"{sys.executable} app.py")

    def models(self) -> tuple[str, ...]:
        """Every model's name."""
        return tuple(sorted(file.parent.name for file in self.root.glob("models/*/model.yaml")))

    def release(self, model: str, version: str) -> None:
        """Give ``model`` another version, as its author does: the manifest by hand, the lock by the tool."""
        self._restate(model, version)
        write_lock(self.root / "models" / model)

    def spoil(self, model: str) -> None:
        """Damage the model's artefact behind its lock's back."""
        with self._artefact(model).open("ab") as artefact:
            artefact.write(b"\0")

    def mend(self, model: str) -> None:
        """Undo that damage."""
        artefact = self._artefact(model)
        artefact.write_bytes(artefact.read_bytes()[:-1])

    def lose_models(self) -> None:
        """Have the next images look for their models where none are: they are built, and fail to start."""
        with self._dockerfile.open("a") as dockerfile:
            dockerfile.write(_ASTRAY)

    def find_models(self) -> None:
        """Undo that."""
        self._dockerfile.write_text(self._dockerfile.read_text().removesuffix(_ASTRAY))

    @property
    def _dockerfile(self) -> Path:
        return self.root / "functions" / "inference" / "Dockerfile"

    def _artefact(self, model: str) -> Path:
        return self.root / "models" / model / "model.onnx"

    def _restate(self, model: str, version: str) -> None:
        file = self.root / "models" / model / "model.yaml"
        before = file.read_text()
        stated = yaml.safe_load(before)["version"]
        file.write_text(before.replace(f"\nversion: {stated}\n", f"\nversion: {version}\n"))
        assert yaml.safe_load(file.read_text())["version"] == version
