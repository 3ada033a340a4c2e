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
_SETTINGS: Final = (
    # The emulator has a line at once.
    ("log_lag_seconds: float = 10.0", "log_lag_seconds: float = 0.5"),
    # A minute's traffic is to be enough for a verdict.
    ("throttle=Throttle(rate=50, burst=100)", "throttle=Throttle(rate=1000, burst=1000)"),
)
"""Of stage dev, here and as they are there."""
_PACE: Final = """
release:
  steps: [40, 60]
  bake_minutes: 0.05
  max_duration_minutes: 60
  max_error_increase: 0.01
  max_latency_increase: 4
  max_prediction_shift: 0.2
"""
_CLIENTS_ONLY: Final = """
import itertools
import time

import serin.service

_handler, _predict, _count, _is_client = lambda_handler, serin.service.Model.predict, itertools.count(1), True


def lambda_handler(event, context):
    global _is_client
    _is_client = not str(event.get("requestContext", {}).get("requestId")).startswith("serin-release-")
    return _handler(event, context)


def _faulty(model, inference):
    predictions = _predict(model, inference)
    return _fault(next(_count), predictions) if _is_client else predictions


serin.service.Model.predict = _faulty


def _fault(count, predictions):
"""
"""Golden cases are answered well: the release calls a version with ids of its own."""

_FAULTS: Final = {
    "wrong answers": """
import serin.service

_predict = serin.service.Model.predict
serin.service.Model.predict = lambda model, inference: [
    {"value": each["value"] + 1} for each in _predict(model, inference)
]
""",
    "5 % errors": f"""{_CLIENTS_ONLY}
    if count % 20 == 0:
        raise RuntimeError
    return predictions
""",
    "slow p99": f"""{_CLIENTS_ONLY}
    if count % 33 == 0:
        time.sleep(0.1)
    return predictions
""",
    "shifted": f"""{_CLIENTS_ONLY}
    return [{{"value": each["value"] + 400}} for each in predictions]
""",
}
"""Code that goes to the end of the handler's."""
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
        settings = root / "infra" / "config.py"
        for before, after in _SETTINGS:
            text = settings.read_text()
            assert text.count(before) == 1
            settings.write_text(text.replace(before, after))
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

    def hasten(self, model: str) -> None:
        """Have the model's releases take seconds, on few calls."""
        with (self.root / "models" / model / "model.yaml").open("a") as manifest:
            manifest.write(_PACE)

    def take_all_at_a_step(self, model: str) -> None:
        """Have the model's releases be blue-green."""
        manifest = self.root / "models" / model / "model.yaml"
        manifest.write_text(manifest.read_text().replace("steps: [40, 60]", "steps: [100]"))

    def break_handler(self, fault: str) -> None:
        """Have the next images' code go wrong as ``fault`` says."""
        with self._handler.open("a") as handler:
            handler.write(_FAULTS[fault])

    def mend_handler(self) -> None:
        """Undo that."""
        shutil.copy(REPOSITORY / "functions" / "inference" / "handler.py", self._handler)

    @property
    def _handler(self) -> Path:
        return self.root / "functions" / "inference" / "handler.py"

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
