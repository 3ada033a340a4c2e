"""The CDK command line, pinned by its own lock and installed on demand."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from local.commands import run
from local.node import node_folder, npm_command
from local.once import built_once
from local.paths import CACHE, REPOSITORY

LOCK: Final = Path(__file__).with_name("cdk")
_FILES: Final = ("package.json", "package-lock.json")
_PACKAGE: Final = Path("node_modules", "aws-cdk")

# STACK | [N/M |] TIME | STATUS | TYPE | PATH (LOGICAL ID) REASON
_FAILED: Final = re.compile(
    r"^(?P<stack>\S+) \|[^\n]*\| +(?:CREATE|UPDATE|DELETE)_FAILED +\|[^|\n]*\| (?P<resource>[^\n]+\) \S[^\n]*)$",
    re.MULTILINE,
)

# The command speaks to the cloud it is told of and to nobody else.
_QUIET: Final = {
    "CDK_DISABLE_CLI_TELEMETRY": "true",
    "CDK_DISABLE_VERSION_CHECK": "1",
    "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
}


def cdk_program(cache: Path = CACHE) -> Path:
    """The pinned CDK's start script, installed into ``cache`` on the first call. Raises LocalError where npm fails."""
    folder = built_once(_folder(cache), _install)
    return folder / _PACKAGE / "bin" / "cdk"


def installed_package(cache: Path = CACHE) -> Path | None:
    """The ``package.json`` of the pinned CDK; None where it is not installed yet."""
    file = _folder(cache) / _PACKAGE / "package.json"
    return file if file.is_file() else None


def _folder(cache: Path) -> Path:
    digest = hashlib.sha256(b"".join((LOCK / name).read_bytes() for name in _FILES)).hexdigest()[:12]
    return cache / "cdk" / digest


def _install(folder: Path) -> None:
    """``npm ci``: what the lock names, checked against the lock's digests."""
    folder.mkdir()
    for name in _FILES:
        shutil.copy(LOCK / name, folder / name)
    # Its cache goes with the staging folder: nothing is written below HOME.
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--cache", str(folder.parent / "npm")]
    command: list[str | Path] = [*npm_command(), "ci", *options]
    run(command, what="the CDK command line: npm ci", directory=folder, environment=_with_node(os.environ))


def _with_node(environment: Mapping[str, str]) -> dict[str, str]:
    """Node first on the path for the CDK and for jsii, then this Python, which runs the app."""
    first = (str(node_folder()), str(Path(sys.executable).parent), environment.get("PATH", os.defpath))
    return {**environment, "PATH": os.pathsep.join(first)}


@dataclass(frozen=True, kw_only=True)
class Cdk:
    """The CDK on one app: ``home`` keeps its own state, ``environment`` is added to the caller's."""

    home: Path
    directory: Path = REPOSITORY
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, arguments: Sequence[str | Path], *, seconds: float = 1800.0) -> str:
        """One CDK command's standard output. Raises LocalError with the resource that failed, or the last line."""
        return run(
            [*self._command(arguments), "--no-color", "--ci"],
            what=f"cdk {arguments[0]}",
            environment=self._surroundings(),
            directory=self.directory,
            seconds=seconds,
            explain=failed_resource,
        )

    def follow(self, arguments: Sequence[str | Path]) -> int:
        """One CDK command on the caller's own terminal, where it may ask; returns its exit code."""
        words, environment = self._command(arguments), self._surroundings()
        return subprocess.run(words, check=False, env=environment, cwd=self.directory).returncode  # noqa: S603 - pinned

    def _command(self, arguments: Sequence[str | Path]) -> list[str | Path]:
        return [node_folder() / "node", cdk_program(), *arguments, "--no-notices"]

    def _surroundings(self) -> dict[str, str]:
        return {**_with_node(os.environ), **_QUIET, "CDK_HOME": str(self.home), **self.environment}


def failed_resource(output: str) -> str | None:
    """The first resource that a deploy could not make, and why; the CDK's last lines are advice."""
    found = _FAILED.search(output)
    return None if found is None else f"{found['stack']}: {found['resource']}"
