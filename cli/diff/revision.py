"""A model folder as git's history has it, in a version of its own or at any revision."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Final

from cli.outcome import CommandError, ExitCode
from serin.model_folder import LOCK_FILE

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_VERSION: Final = re.compile(r"\d+\.\d+\.\d+(-[0-9A-Za-z.]+)?")
_PLAIN_FILES: Final = ("100644", "100755")


def folder_at(models: Path, name: str, revision: str, scratch: Path) -> Path:
    """The folder of the model ``name`` at ``revision``, written below ``scratch``.

    Args:
        models: The folder of the model folders, in a git repository.
        name: The model's.
        revision: A version of the model, whose newest commit is taken, or whatever git takes for a commit.
        scratch: A folder that is there; the model's own must not be.

    Raises:
        CommandError: no repository, revision or model.
    """
    if not _NAME.fullmatch(name):
        raise _refusal(f"{name}@{revision}: before the @ stands a model's name; for a folder leave the @ out")
    prefix = _git(models, "rev-parse", "--show-prefix")
    if prefix is None:
        raise _refusal(f"{name}@{revision}: {models} is not in a git repository")
    path = f"{prefix.decode().strip()}{name}"
    commit = _commit_of_version(models, name, path, revision) or _commit(models, revision)
    if commit is None:
        raise _refusal(f"{name}@{revision}: git knows no such revision, and no such version of {path}")
    listing = _git(models, "ls-tree", "-z", "--full-tree", f"{commit}:{path}")
    if not listing:
        raise _refusal(f"{name}@{revision}: there is no {path} at {commit[:12]}")
    folder = scratch / name
    folder.mkdir(parents=True)
    for entry in listing.decode("utf-8", "surrogateescape").rstrip("\0").split("\0"):
        about, _, file = entry.partition("\t")
        _write(models, f"{commit}:{path}/{file}", folder / file, about.split()[0])
    return folder


def _commit_of_version(models: Path, name: str, path: str, version: str) -> str | None:
    """The newest commit that has the model in this version."""
    if not _VERSION.fullmatch(version):
        return None
    commits = _git(models, "log", "--format=%H", "--", name) or b""
    for commit in commits.decode().split():
        if _version(_git(models, "cat-file", "blob", f"{commit}:{path}/{LOCK_FILE}")) == version:
            return commit
    return None


def _version(lock: bytes | None) -> str | None:
    try:
        document = json.loads(lock or b"")
    except (ValueError, RecursionError):
        return None
    return document.get("version") if isinstance(document, dict) else None


def _commit(models: Path, revision: str) -> str | None:
    found = _git(models, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    return None if found is None else found.decode().strip()


def _write(models: Path, blob: str, file: Path, mode: str) -> None:
    if mode not in _PLAIN_FILES:
        raise _refusal(f"{blob}: is a link or a folder; a model folder holds plain files")
    # With the filters of a checkout: large files may be kept elsewhere, as by Git LFS.
    data = _git(models, "cat-file", "--filters", blob)
    if data is None:
        raise _refusal(f"{blob}: cannot be read from git")
    file.write_bytes(data)


def _git(folder: Path, *arguments: str) -> bytes | None:
    """What git prints, run in ``folder``; None where it fails."""
    environment = {**os.environ, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program; what is given cannot be taken for an option
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - the git that people have on their path
            capture_output=True,
            env=environment,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except FileNotFoundError:
        raise _refusal("NAME@REVISION needs git, which is not installed") from None
    except ValueError:  # a NUL in what was given
        return None
    return done.stdout if done.returncode == 0 else None


def _refusal(message: str) -> CommandError:
    return CommandError(ExitCode.USAGE, message)
