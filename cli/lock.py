"""`serin lock`: what tools can say about a model folder, computed and written to ``model.lock.json``."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from cli.files import replace_text
from serin.admission import refuse_artifact, refuse_broken_signature, refuse_unsafe_files, seconds_for
from serin.admission.apart import Ending, Limits, run_apart
from serin.baseline import Baseline
from serin.comparison import largest_difference
from serin.engine import RUNTIME_VERSION, EngineOptions, Session
from serin.errors import ModelFolderError, SerinError
from serin.golden import GoldenCase, answer_differences, read_golden
from serin.lock import LOCK_SCHEMA, GoldenSummary, Lock, LockedFile, Parity, Provenance, Signature
from serin.manifest import Manifest, TensorInput, TensorOutput
from serin.model_folder import (
    BASELINE_FILE,
    GOLDEN_FILE,
    LOCK_FILE,
    MANIFEST_FILE,
    ModelFolder,
    load_lock,
    load_manifest,
    read_artifact,
)
from serin.protocol import TensorMetadata
from serin.service import Model, open_unlocked

FINEST: Final = 1e-6
"""Smallest difference that is told: below it lies the rounding of single precision."""
_LONGEST_LOCK: Final = 2**20


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What is known of how an artifact was made. ``tools``: versions of the libraries that made it."""

    tools: Mapping[str, str]
    provenance: Provenance | None = None
    parity: Parity | None = None


def write_lock(folder: Path, tools: Mapping[str, str] | None = None) -> Lock:
    """Compute the lock of ``folder`` and write it, all or nothing: a refusal leaves the old lock as it was.

    Opens the model in this process, for whoever has just made it; ``lock_apart`` is for any other.
    """
    lock = compute_lock(folder, None if tools is None else Origin(tools=tools))
    replace_text(folder / LOCK_FILE, lock_text(lock))
    return lock


def lock_text(lock: Lock) -> str:
    """``model.lock.json``, indented."""
    return json.dumps(msgspec.to_builtins(lock), indent=2, sort_keys=True) + "\n"


def lock_apart(folder: Path, *, seconds: float | None = None, origin: Origin | None = None) -> Lock:
    """The same, with the model opened in a process of its own.

    Args:
        folder: The model's folder.
        seconds: How long it may take; None goes by the size.
        origin: How the artifact was made. None keeps what the lock says that is there, as long as it is a lock of the
            same artifact.

    Raises:
        ModelFolderError: as ``compute_lock``, or that process died or did not end in time.
    """
    refuse_unsafe_files(folder)
    manifest = _manifest(folder)
    if seconds is None:
        seconds = seconds_for(_digest(folder / manifest.artifact.file).bytes)
    limits = Limits(seconds=seconds, memory=manifest.serving.memory_mb * 2**20)
    ending = run_apart("cli.lock_process", [str(folder)], limits, longest=_LONGEST_LOCK)
    if ending.is_late:
        problem = f"the model is not opened, and its golden cases not answered, in {seconds:g} s"
        raise ModelFolderError(str(folder / manifest.artifact.file), None, problem)
    answer = _answer(ending)
    if answer is None:
        problem = f"opening it or answering ended the process with {ending.death or f'exit code {ending.code}'}"
        raise ModelFolderError(str(folder / manifest.artifact.file), None, problem)
    if answer.lock is None:
        raise ModelFolderError(answer.file, answer.field, answer.problem)
    lock = answer.lock if origin is None else _made_by(answer.lock, origin)
    replace_text(folder / LOCK_FILE, lock_text(lock))
    return lock


def _made_by(lock: Lock, origin: Origin) -> Lock:
    return msgspec.structs.replace(
        lock,
        tools={**origin.tools, "onnxruntime": RUNTIME_VERSION},
        provenance=origin.provenance,
        parity=origin.parity,
    )


class Answer(msgspec.Struct, frozen=True):
    """What the process of ``lock_apart`` says: the lock, or the error."""

    lock: Lock | None = None
    file: str = ""
    field: str | None = None
    problem: str = ""


def _answer(ending: Ending) -> Answer | None:
    try:
        return None if ending.death else msgspec.json.decode(ending.said, type=Answer)
    except msgspec.DecodeError:
        return None


def compute_lock(folder: Path, origin: Origin | None = None) -> Lock:
    """The lock of ``folder``, as it is now.

    The golden cases go through the predict path that serves requests. ``golden.jsonl`` and ``baseline.json`` are
    locked where they exist.

    Args:
        folder: The model's folder; its name is the model's.
        origin: How the artifact was made. None keeps what the lock says that is there, as long as it is a lock of the
            same artifact.

    Raises:
        NotAdmitted: the folder or the graph is not safe, or breaks the signature that the old lock promised.
        ModelFolderError: names the file, and the field or the line of the golden case, that is wrong.
    """
    refuse_unsafe_files(folder)
    manifest = _manifest(folder)
    artifact = _digest(folder / manifest.artifact.file)
    session = _open(folder, manifest, artifact)
    _check_signature(folder, manifest, session)
    refuse_broken_signature(folder, manifest.version, Signature(inputs=session.inputs, outputs=session.outputs))
    baseline = _read_baseline(folder, manifest)
    lock = Lock(
        schema=LOCK_SCHEMA,
        name=manifest.name,
        version=manifest.version,
        artifact=artifact,
        signature=Signature(inputs=session.inputs, outputs=session.outputs),
        baseline=None if baseline is None else _digest(folder / BASELINE_FILE),
    )
    model = Model(manifest, baseline, session)
    made = _made_by(lock, origin or _known_origin(folder, artifact))
    return msgspec.structs.replace(made, golden=_check_golden(folder, model))


def _manifest(folder: Path) -> Manifest:
    manifest = load_manifest(folder / MANIFEST_FILE)
    if manifest.name != folder.resolve().name:
        raise ModelFolderError(
            str(folder / MANIFEST_FILE), "name", f"must be the folder's name, {folder.resolve().name!r}"
        )
    return manifest


def _digest(file: Path) -> LockedFile:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ModelFolderError(str(file), None, f"cannot be read ({error.strerror})") from None
    return LockedFile(file=file.name, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))


# --- The artifact ---------------------------------------------------------------------------------------------


def _open(folder: Path, manifest: Manifest, artifact: LockedFile) -> Session:
    """The session, opened from bytes that are those of ``artifact``."""
    unsigned = Lock(
        schema=LOCK_SCHEMA,
        name=manifest.name,
        version=manifest.version,
        artifact=artifact,
        signature=Signature(inputs=(), outputs=()),
    )
    data = read_artifact(ModelFolder(path=folder, manifest=manifest, lock=unsigned, baseline=None))
    refuse_artifact(folder / artifact.file, data, manifest)
    return open_unlocked(folder, manifest, data, EngineOptions())


def _check_signature(folder: Path, manifest: Manifest, session: Session) -> None:
    for kind in ("inputs", "outputs"):
        declared, found = _tensors(kind, getattr(manifest, kind)), _tensors(kind, getattr(session, kind))
        for field, said in declared.items():
            if said != found.get(field):
                problem = f"says {said} but {manifest.artifact.file} has {found.get(field)}; mend it"
                raise ModelFolderError(str(folder / MANIFEST_FILE), field, problem)


def _tensors(kind: str, tensors: Sequence[TensorInput | TensorOutput | TensorMetadata]) -> dict[str, object]:
    """What must agree, by its place in the manifest; the names first, as the rest goes by position."""
    fields: dict[str, object] = {kind: [tensor.name for tensor in tensors]}
    for i, tensor in enumerate(tensors):
        fields[f"{kind}[{i}].datatype"] = str(tensor.datatype)
        fields[f"{kind}[{i}].shape"] = list(tensor.shape)
    return fields


def _known_origin(folder: Path, artifact: LockedFile) -> Origin:
    try:
        before = load_lock(folder / LOCK_FILE)
    except ModelFolderError:  # there is none, or it is about to be replaced
        return Origin(tools={})
    if before.artifact != artifact:
        return Origin(tools={})
    return Origin(tools=before.tools, provenance=before.provenance, parity=before.parity)


# --- What lies beside it --------------------------------------------------------------------------------------


def _read_baseline(folder: Path, manifest: Manifest) -> Baseline | None:
    file = folder / BASELINE_FILE
    if not file.exists():
        return None
    try:
        baseline = msgspec.json.decode(file.read_bytes(), type=Baseline)
    except msgspec.DecodeError as error:
        raise ModelFolderError(str(file), None, str(error)) from None
    unknown = baseline.features.keys() - {feature.name for feature in manifest.features}
    if unknown:
        raise ModelFolderError(str(file), f"features.{min(unknown)}", f"is no feature of {MANIFEST_FILE}")
    return baseline


def _check_golden(folder: Path, model: Model) -> GoldenSummary | None:
    file = folder / GOLDEN_FILE
    if not file.exists():
        return None
    cases = read_golden(file)
    if not cases:
        raise ModelFolderError(str(file), None, "holds no case; write one JSON object a line, or remove the file")
    largest = max(_difference(file, number, model, case) for number, case in enumerate(cases, start=1))
    return GoldenSummary(file=_digest(file), cases=len(cases), max_absolute_difference=_bound(largest))


def _difference(file: Path, number: int, model: Model, case: GoldenCase) -> float:
    """Largest absolute difference between the answer to one case and the answer that is due."""
    try:
        answer = _predict(model, case.instance)
    except SerinError as error:
        raise ModelFolderError(str(file), f"line {number}", f"the model does not answer: {error.message}") from None
    for problem in answer_differences(model.manifest, answer, case.prediction):
        raise ModelFolderError(str(file), f"line {number}", f"{problem}; is it this model's golden case?")
    return largest_difference(answer, case.prediction)


def _predict(model: Model, instance: Mapping[str, Any]) -> dict[str, Any]:
    inputs = model.rows.decode(msgspec.json.encode({"instances": [instance]}))
    deadline = time.monotonic() + model.manifest.serving.timeout_seconds
    return model.predictor(model.infer(inputs, model.predictor.outputs, deadline).outputs)[0]


def _bound(difference: float) -> float:
    """An upper bound, a power of ten: the last bits differ between processors, and the lock must not."""
    return float(f"1e{math.ceil(math.log10(max(difference, FINEST)))}")
