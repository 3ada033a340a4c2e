"""The winner into the model folder: artifact, lines of the manifest and a new lock, or nothing at all."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from cli.lock import lock_apart
from cli.manifest_edit import KeyPath, write_values
from cli.optimize.making import Variant
from cli.outcome import CommandError, ExitCode
from cli.packaging.folder import replace_folder
from serin.errors import ModelFolderError
from serin.lock import LockedFile
from serin.manifest import Manifest, Scalar, Tolerance
from serin.model_folder import LOCK_FILE, MANIFEST_FILE, ModelFolder

_PARTS: Final = 3


def next_version(version: str) -> str:
    """With the minor number raised, as the signature stays and the answers are others."""
    major, minor, _ = _core(version)
    return f"{major}.{minor + 1}.0"


def check_raised(before: str, after: str) -> None:
    """Refuse a version that does not come after the one that is there.

    Raises:
        CommandError: it does not.
    """
    if _core(after) < _core(before) or after == before:
        raise CommandError(ExitCode.USAGE, f"--version {after} does not come after {before}, the model's version")


def _core(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.partition("-")[0].split("."))[:_PARTS]


def manifest_changes(
    manifest: Manifest, variant: Variant, version: str, tolerances: Mapping[str, Tolerance], *, alone: bool
) -> dict[KeyPath, Scalar]:
    """What a manifest must say with this variant. ``alone``: that rows must not share a batch."""
    changes: dict[KeyPath, Scalar] = {("version",): version}
    if variant.artifact.file != manifest.artifact.file:
        changes["artifact", "file"] = variant.artifact.file
    if variant.artifact.format != manifest.artifact.format:
        changes["artifact", "format"] = variant.artifact.format
    for place, output in enumerate(manifest.outputs):
        if output.name in tolerances:
            changes["outputs", place, "tolerance", "absolute"] = tolerances[output.name].absolute
            if tolerances[output.name].relative != output.tolerance.relative:
                changes["outputs", place, "tolerance", "relative"] = tolerances[output.name].relative
    if alone and manifest.serving.max_batch_rows != 1:
        changes["serving", "max_batch_rows"] = 1
    return changes


def write_variant(folder: ModelFolder, variant: Variant, changes: Mapping[KeyPath, Scalar]) -> None:
    """Put the model with ``variant`` in it in the place of ``folder``. A refusal leaves the folder as it was.

    Raises:
        ModelFolderError: the manifest cannot be changed where it stands, the new lock is refused, or nothing can be
            written there.
    """
    try:
        with tempfile.TemporaryDirectory(dir=folder.path.parent, prefix=".optimize-") as scratch:
            staged = Path(scratch, folder.path.name)
            _stage(folder, variant, changes, staged)
            replace_folder(staged, folder.path)
    except OSError as error:
        raise ModelFolderError(str(folder.path), None, f"cannot be written ({error.strerror})") from None


def _stage(folder: ModelFolder, variant: Variant, changes: Mapping[KeyPath, Scalar], staged: Path) -> None:
    shutil.copytree(folder.path, staged)
    (staged / folder.manifest.artifact.file).rename(staged / variant.artifact.file)
    shutil.copyfile(variant.stored, staged / variant.artifact.file)  # into it: its permissions stay
    _lock_before(folder, variant, staged)
    try:
        write_values(staged / MANIFEST_FILE, changes)
        lock_apart(staged)
    except ModelFolderError as error:
        where = str(folder.path / Path(error.file).name)
        raise ModelFolderError(
            where, error.field, f"{error.problem} (with {variant.kind}; nothing is written)"
        ) from None


def _lock_before(folder: ModelFolder, variant: Variant, staged: Path) -> None:
    """The lock of the version before, of the new artifact: a new lock keeps the tools of one of the same artifact,
    and the signature that it promised. How near the old artifact came to its source says nothing of the new one.
    """
    data = variant.stored.read_bytes()
    artifact = LockedFile(file=variant.artifact.file, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))
    before = msgspec.structs.replace(folder.lock, artifact=artifact, parity=None)
    (staged / LOCK_FILE).write_bytes(msgspec.json.encode(before))
