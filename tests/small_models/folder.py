"""From a graph to a model folder, and on to a service."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from serin.engine import EngineOptions, Session
from serin.lock import LOCK_SCHEMA, GoldenSummary, Lock, LockedFile, Signature
from serin.manifest import SCHEMA
from serin.model_folder import BASELINE_FILE, GOLDEN_FILE, LOCK_FILE, MANIFEST_FILE
from serin.protocol import TensorMetadata
from serin.service import Service, load_service

VERSION: Final = "1.0.0"

Instance = dict[str, Any]
Prediction = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class SmallModel:
    """What goes into one folder.

    ``rules``: what ``model.yaml`` says of an input, by name, beyond its datatype and shape. ``fields``: its other
    sections. ``golden``: instances and the predictions that are due, worked out by hand.
    """

    name: str
    artifact: bytes
    inputs: tuple[TensorMetadata, ...]
    outputs: tuple[TensorMetadata, ...]
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    golden: tuple[tuple[Instance, Prediction], ...] = ()
    fields: Mapping[str, Any] = field(default_factory=lambda: {"prediction": {"task": "tensors"}})
    baseline: Mapping[str, Any] | None = None

    def document(self) -> dict[str, Any]:
        """``model.yaml`` as plain data, free to change."""
        inputs = [_plain(tensor) | dict(self.rules.get(tensor.name, {})) for tensor in self.inputs]
        outputs = [_plain(tensor) for tensor in self.outputs]
        head = {"schema": SCHEMA, "name": self.name, "version": VERSION, "inputs": inputs, "outputs": outputs}
        return copy.deepcopy(head | dict(self.fields))

    def write(self, models: Path) -> Path:
        """Write the whole folder below ``models``."""
        folder = models / self.name
        folder.mkdir(parents=True)
        (folder / MANIFEST_FILE).write_text(yaml.safe_dump(self.document(), sort_keys=False), encoding="utf-8")
        artifact = _put(folder / "model.onnx", self.artifact)
        cases = [{"instance": instance, "prediction": prediction} for instance, prediction in self.golden]
        golden = _put(folder / GOLDEN_FILE, b"".join(msgspec.json.encode(case) + b"\n" for case in cases))
        baseline = None
        if self.baseline is not None:
            baseline = _put(folder / BASELINE_FILE, msgspec.json.encode(self.baseline))
        lock = Lock(
            schema=LOCK_SCHEMA,
            name=self.name,
            version=VERSION,
            artifact=artifact,
            signature=Signature(inputs=self.inputs, outputs=self.outputs),
            golden=GoldenSummary(file=golden, cases=len(cases), max_absolute_difference=0.0),
            baseline=baseline,
        )
        (folder / LOCK_FILE).write_bytes(msgspec.json.encode(lock))
        return folder

    def session(self) -> Session:
        """The graph, opened."""
        return Session.load(self.artifact, EngineOptions())


def loaded(models: Iterable[SmallModel], folder: Path) -> Service:
    """Write the models below ``folder`` and load them, as a process does that serves them."""
    return load_service([model.write(folder) for model in models], EngineOptions())


def _plain(tensor: TensorMetadata) -> dict[str, Any]:
    return {"name": tensor.name, "datatype": str(tensor.datatype), "shape": list(tensor.shape)}


def _put(file: Path, data: bytes) -> LockedFile:
    file.write_bytes(data)
    return LockedFile(file=file.name, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))
