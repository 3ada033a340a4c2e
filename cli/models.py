"""`serin models`, and how a command finds and opens the models of a folder."""

from __future__ import annotations

import difflib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from cli.outcome import CommandError, ExitCode, one_line
from cli.progress import tracked
from serin.errors import ModelFolderError
from serin.model_folder import find_model_folders, load_model_folder

if TYPE_CHECKING:
    from cli.endpoint import Endpoint
    from serin.service import Model
    from serin.signer import Signer


class _Row(msgspec.Struct, frozen=True):
    name: str
    version: str
    title: str = ""


class _Listing(msgspec.Struct, frozen=True):
    """What is read of an endpoint's list; it may say more."""

    models: list[_Row]


def list_models(models: Path, *, endpoint: Endpoint | None, as_json: bool) -> None:
    """Print name, version and title of every model.

    Raises:
        CommandError: the endpoint does not answer, or some folders were refused (the good ones are still listed).
        ModelFolderError: there is no model at all.
    """
    rows, refused = _of_folder(models) if endpoint is None else (_of_endpoint(endpoint), [])
    if as_json:
        print(json.dumps(msgspec.to_builtins(rows), indent=2, ensure_ascii=False))
    else:
        width = max((len(row.name) for row in rows), default=0)
        for row in rows:
            print(one_line(row.name).ljust(width), one_line(row.version), one_line(row.title), sep="  ")
    for error in refused[:-1]:
        print("serin:", one_line(error.message), file=sys.stderr)
    if refused:
        raise refused[-1]


def folder_of(models: Path, name: str) -> Path:
    """The folder of the model ``name``.

    Raises:
        CommandError: there is none; with the nearest name.
        ModelFolderError: there is no model at all.
    """
    folders = {folder.name: folder for folder in find_model_folders(models)}
    if name in folders:
        return folders[name]
    close = difflib.get_close_matches(name, folders, n=1)
    known = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(folders)}"
    raise CommandError(ExitCode.REFUSED, f"{models} has no model {name!r}; {known}")


def load_models(folders: list[Path], signer: Signer | None = None) -> dict[Path, Model]:
    """Every model of ``folders``, ready to answer.

    Raises:
        ModelFolderError: names the file and the field to mend.
    """
    return {folder: load_signed(folder, signer) for folder in tracked(folders, "Loading models")}


def load_signed(folder: Path, signer: Signer | None) -> Model:
    """The model of ``folder``, ready to answer; ``signer`` must have signed it, if it is not None.

    Raises:
        NotAdmitted: ``signer`` has not signed the folder as it is.
        ModelFolderError: names the file and the field to mend.
    """
    # Only a command that answers predictions pays for the engine.
    from serin.engine import EngineOptions
    from serin.service import load_model

    if signer is not None:
        from serin.admission import refuse_unsigned

        refuse_unsigned(folder, signer)
    return load_model(folder, EngineOptions())


def _of_folder(models: Path) -> tuple[list[_Row], list[ModelFolderError]]:
    rows, refused = [], []
    for folder in find_model_folders(models):
        try:
            manifest = load_model_folder(folder).manifest
        except ModelFolderError as error:
            refused.append(error)
        else:
            rows.append(_Row(manifest.name, manifest.version, manifest.title))
    return rows, refused


def _of_endpoint(endpoint: Endpoint) -> list[_Row]:
    try:
        listing = msgspec.json.decode(endpoint.get("/v2/models"), type=_Listing)
    except msgspec.DecodeError:
        raise CommandError(ExitCode.UNREACHABLE, f"{endpoint.url} lists no models; is it a Serin endpoint?") from None
    return listing.models
