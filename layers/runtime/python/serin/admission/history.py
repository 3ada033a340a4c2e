"""What a new version may change: the tensor signature only with a new major version."""

from __future__ import annotations

from pathlib import Path

from serin.admission.findings import Finding, NotAdmitted
from serin.admission.rules import SIGNATURE
from serin.errors import ModelFolderError
from serin.lock import Lock, Signature
from serin.model_folder import LOCK_FILE, load_lock


def broken_signature(folder: Path, earlier: Path) -> list[Finding]:
    """What the version in ``folder`` breaks of the one in the folder ``earlier``."""
    try:
        now, before = load_lock(folder / LOCK_FILE), load_lock(earlier / LOCK_FILE)
    except ModelFolderError as error:
        return [Finding(error.file, SIGNATURE.name, error.problem, SIGNATURE.remedy)]
    problem = signature_problem(before, now.version, now.signature)
    return [] if problem is None else [Finding(str(folder / LOCK_FILE), SIGNATURE.name, problem, SIGNATURE.remedy)]


def refuse_broken_signature(folder: Path, version: str, signature: Signature) -> None:
    """Refuse what breaks the signature that the lock in ``folder`` has; one that cannot be read promises nothing.

    Raises:
        NotAdmitted: other inputs or outputs, under a version that promises the same.
    """
    try:
        before = load_lock(folder / LOCK_FILE)
    except ModelFolderError:
        return
    problem = signature_problem(before, version, signature)
    if problem is not None:
        raise NotAdmitted([Finding(str(folder / LOCK_FILE), SIGNATURE.name, problem, SIGNATURE.remedy)])


def signature_problem(before: Lock, version: str, signature: Signature) -> str | None:
    """How ``signature`` breaks the promise of the version before; None where it keeps it.

    Versions promise as semver.org says: within a major version, and below 1.0.0 within a minor one.
    """
    if _promise(before.version) != _promise(version) or before.signature == signature:
        return None
    for kind in ("inputs", "outputs"):
        old, new = getattr(before.signature, kind), getattr(signature, kind)
        if old != new:
            return f"{kind} of {version} are not those of {before.version}"
    return None


def _promise(version: str) -> tuple[str, ...]:
    major, minor, _ = version.split(".", 2)
    return (major, minor) if major == "0" else (major,)
