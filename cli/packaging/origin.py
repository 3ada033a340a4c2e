"""Where a packaged model comes from: files, digests, the commit beside the source, versions of libraries."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from cli.lock import Origin
from cli.packaging.rows import DataFile
from cli.packaging.source import Source
from serin.lock import LockedSource, Parity, Provenance, SourceData
from serin.manifest import Code, Dataset, Lineage


def origin_of(source: Source, file: Path, data: DataFile, holdout: DataFile | None, parity: Parity) -> Origin:
    """What the lock says of it."""
    provenance = Provenance(
        source=LockedSource(file=file.name, sha256=digest_of(file), bytes=file.stat().st_size),
        framework=source.framework,
        data=_data(data),
        holdout=None if holdout is None else _data(holdout),
        commit=commit_beside(file),
    )
    return Origin(tools=versions_of(source.tools), provenance=provenance, parity=parity)


def lineage_of(source: Source, file: Path, data: DataFile, metrics: Mapping[str, float]) -> Lineage:
    """What the manifest says of it; licence and script are a person's to add."""
    return Lineage(
        data=Dataset(source=data.name, sha256=data.sha256, rows=len(data.rows)),
        code=Code(path=file.name, sha256=digest_of(file)),
        framework=source.framework,
        metrics=dict(metrics),
    )


def versions_of(distributions: tuple[str, ...]) -> dict[str, str]:
    """Their versions, and those of what every packaging needs."""
    found = {}
    for name in (*distributions, "numpy", "onnx", "pandas"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def digest_of(file: Path) -> str:
    """SHA-256 of the file's bytes."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def commit_beside(file: Path) -> str | None:
    """The commit of the repository that ``file`` lies in; None where there is none, or no git."""
    command = ["git", "-C", str(file.resolve().parent), "rev-parse", "--verify", "--quiet", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None


def _data(data: DataFile) -> SourceData:
    return SourceData(file=data.name, sha256=data.sha256, rows=len(data.rows))
