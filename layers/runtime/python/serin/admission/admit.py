"""Whether a model may be served: the folder, the graph, and then a first opening in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from serin.admission.apart import Limits
from serin.admission.files import unlisted_files, unsafe_files
from serin.admission.findings import Finding, NotAdmitted, printable
from serin.admission.graph import Model
from serin.admission.onnx_format import read_onnx
from serin.admission.ort_format import read_ort
from serin.admission.rules import (
    DIVISION_CHECK,
    FILES,
    FOLDER,
    FORMAT,
    GRAPH_CHECKS,
    NODES,
    SIGNED,
    UNLISTED,
    Check,
    Rule,
)
from serin.admission.structure import draws_at_random
from serin.admission.trial import open_apart, seconds_for
from serin.admission.wire import Malformed
from serin.errors import ModelFolderError
from serin.manifest import Manifest
from serin.model_folder import ModelFolder, load_model_folder, read_artifact
from serin.model_signature import signature_differences
from serin.signer import Signer

_MOST_OF_A_KIND: Final = 5
"""Findings of one rule; a broken model has thousands."""
_ORT_MAGIC: Final = b"ORTM"


def admit(folder: Path, *, seconds: float | None = None) -> None:
    """Let a model pass, or not.

    Args:
        folder: The model's folder, with its lock.
        seconds: How long opening it and its golden cases may take; None goes by the size.

    Raises:
        NotAdmitted: with everything that was found.
    """
    _refuse(verify(folder, seconds=seconds))


def admit_unopened(folder: Path, *, signer: Signer | None = None) -> ModelFolder:
    """The same as far as it goes without opening the model: takes milliseconds, runs nothing of ONNX Runtime.

    ``signer``: the key that must have signed the folder, if one must.

    Raises:
        NotAdmitted: with everything that was found.
        ModelFolderError: manifest, lock and files do not agree.
    """
    return _look(folder, signer)[0]


def verify(folder: Path, *, seconds: float | None = None, signer: Signer | None = None) -> list[Finding]:
    """Everything that speaks against ``folder``. It is opened only if nothing does before.

    ``seconds`` as ``admit`` takes it, ``signer`` as ``admit_unopened``.
    """
    try:
        opened, model = _look(folder, signer)
    except ModelFolderError as error:
        return _findings(error)
    if seconds is None:
        seconds = seconds_for(opened.lock.artifact.bytes)
    limits = Limits(seconds=seconds, memory=opened.manifest.serving.memory_mb * 2**20)
    return open_apart(opened, limits, draws=draws_at_random(model))


def inspect(folder: Path) -> list[Finding]:
    """What speaks against ``folder`` as it lies there, without opening the model."""
    try:
        _look(folder)
    except ModelFolderError as error:
        return _findings(error)
    return []


def refuse_unsafe_files(folder: Path) -> None:
    """Refuse a folder in which something cannot be read safely, before anything in it is read.

    Raises:
        NotAdmitted: with everything that was found.
    """
    try:
        _refuse([_finding(folder / name, FILES, problem) for name, problem in unsafe_files(folder)])
    except OSError as error:
        raise NotAdmitted([_finding(folder, FOLDER, f"cannot be read ({error.strerror})")]) from None


def refuse_unsigned(folder: Path, signer: Signer) -> None:
    """Refuse a folder that is not, file by file, what ``signer`` has signed. What is in the files is not looked at.

    Raises:
        NotAdmitted: with everything that was found.
    """
    refuse_unsafe_files(folder)
    _refuse([_finding(folder / name, SIGNED, problem) for name, problem in signature_differences(folder, signer)])


def refuse_artifact(file: Path, artifact: bytes, manifest: Manifest) -> None:
    """Refuse the bytes of a model file before they are opened. ``file``: its name for the findings.

    Raises:
        NotAdmitted: with everything that was found.
    """
    _judge(file, artifact, manifest, [])


def _look(folder: Path, signer: Signer | None = None) -> tuple[ModelFolder, Model]:
    """A folder and its graph, with nothing against them. The signature first: nobody's files are not even read.

    Raises:
        ModelFolderError: there is something.
    """
    if signer is None:
        refuse_unsafe_files(folder)
    else:
        refuse_unsigned(folder, signer)
    opened = load_model_folder(folder)
    artifact = read_artifact(opened)
    unlisted = unlisted_files(folder, opened.manifest, opened.lock)
    findings = [_finding(folder / name, UNLISTED, "is not listed") for name in unlisted]
    return opened, _judge(folder / opened.manifest.artifact.file, artifact, opened.manifest, findings)


def _judge(file: Path, artifact: bytes, manifest: Manifest, findings: list[Finding]) -> Model:
    """The graph, with nothing against it; ``findings``: what there is already."""
    try:
        model = read_model(artifact, manifest.artifact.format)
    except Malformed as error:
        raise NotAdmitted([*findings, _finding(file, FORMAT, str(error))]) from None
    found = [finding for rule, check in GRAPH_CHECKS for finding in _apply(rule, check, file, model, manifest)]
    if not any(finding.rule == NODES.name for finding in found):
        found += _apply(*DIVISION_CHECK, file, model, manifest)
    _refuse(findings + found)
    return model


def read_model(artifact: bytes, model_format: str) -> Model:
    """The model in a file's bytes.

    Raises:
        Malformed: there is none of this format.
    """
    if not artifact:
        raise Malformed("it is empty")
    for magic, kind in _OTHERS.items():
        if artifact.startswith(magic):
            raise Malformed(f"it is {kind}, no model")
    if (artifact[4:8] == _ORT_MAGIC) != (model_format == "ort"):
        raise Malformed(f"its bytes are not of the declared format, {model_format}")
    return read_ort(artifact) if model_format == "ort" else read_onnx(artifact)


_OTHERS: Final = {
    b"PK\x03\x04": "a zip archive",
    b"\x80\x02": "a pickle",
    b"\x80\x03": "a pickle",
    b"\x80\x04": "a pickle",
    b"\x80\x05": "a pickle",
    b"\x1f\x8b": "a gzip file",
    b"\x89HDF": "an HDF5 file",
    b"version https://git-lfs": "a pointer of Git LFS",
}
"""How files begin that are taken for models."""


def _apply(rule: Rule, check: Check, file: Path, model: Model, manifest: Manifest) -> Iterator[Finding]:
    for problem in islice(check(model, manifest), _MOST_OF_A_KIND):
        yield _finding(file, rule, problem)


def _findings(error: ModelFolderError) -> list[Finding]:
    if isinstance(error, NotAdmitted):
        return [*error.findings]
    problem, _, remedy = error.problem.partition("; ")
    where = f"{error.field}: " if error.field else ""
    return [Finding(error.file, FOLDER.name, where + problem, remedy or FOLDER.remedy)]


def _finding(file: Path, rule: Rule, problem: str) -> Finding:
    return Finding(printable(str(file)), rule.name, problem, rule.remedy)


def _refuse(findings: list[Finding]) -> None:
    if findings:
        raise NotAdmitted(findings)
