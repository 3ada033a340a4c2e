"""`serin verify`: whether models may be served, and everything that speaks against them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import msgspec

from cli.outcome import CommandError, ExitCode, one_line
from cli.progress import tracked
from serin.admission import Finding, broken_signature, verify
from serin.model_folder import MANIFEST_FILE, find_model_folders
from serin.signer import Signer


def verify_models(
    folders: list[Path], *, against: Path | None, signer: Signer | None, seconds: float | None, as_json: bool
) -> None:
    """Verify each of ``folders`` and print one line a finding, or with ``as_json`` one object a model.

    Args:
        folders: Model folders.
        against: A folder with an earlier version of the one model; its signature must not have been broken.
        signer: The key that must have signed each folder, if one must.
        seconds: How long opening one model and its golden cases may take; None goes by its size.
        as_json: Print JSON.

    Raises:
        CommandError: something was found; the line says in how many models.
    """
    found = {folder: verify(folder, seconds=seconds, signer=signer) for folder in tracked(folders, "Verifying models")}
    if against is not None:
        for folder, findings in found.items():
            findings += [] if findings else broken_signature(folder, against)
    if as_json:
        print(json.dumps([_plain(folder, findings) for folder, findings in found.items()], indent=2))
    else:
        for folder, findings in found.items():
            _print(folder, findings)
    refused = [folder.name for folder, findings in found.items() if findings]
    if refused:
        raise CommandError(ExitCode.REFUSED, f"refused: {', '.join(refused)}")


def folders_named(models: Path, name: str | None, *, every: bool) -> list[Path]:
    """The folders that a command line means: all of ``models``, one of them by name, or any folder by its path.

    Raises:
        CommandError: neither or both of a name and ``every``, or no such model.
        ModelFolderError: there is no model at all.
    """
    if (name is None) != every:
        raise CommandError(ExitCode.USAGE, "name one model, or give --all; see `serin verify --help`")
    if name is None:
        return find_model_folders(models)
    folder = Path(name)
    if (folder / MANIFEST_FILE).exists():
        return [folder]
    from cli.models import folder_of

    return [folder_of(models, name)]


def _print(folder: Path, findings: list[Finding]) -> None:
    if not findings:
        print(f"{folder}: admitted")
    for finding in findings:
        print(one_line(str(finding)), file=sys.stderr)


def _plain(folder: Path, findings: list[Finding]) -> dict[str, object]:
    return {"folder": str(folder), "admitted": not findings, "findings": msgspec.to_builtins(findings)}
