"""The two models that are compared: names, folders, or names in git's history."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cli.diff.revision import folder_at
from cli.models import folder_of
from cli.outcome import CommandError, ExitCode
from serin.admission import admit_unopened
from serin.errors import ModelFolderError
from serin.model_folder import MANIFEST_FILE, ModelFolder


@dataclass(frozen=True, slots=True)
class Side:
    """A model, admitted as far as that goes without opening it. ``said``: as the command line named it."""

    said: str
    folder: ModelFolder


def find_side(models: Path, said: str, scratch: Path) -> Side:
    """The model that ``said`` means: a folder, the name of one in ``models``, or NAME@REVISION.

    Args:
        models: The folder of the model folders.
        said: What the command line has.
        scratch: A folder for what comes out of git.

    Raises:
        CommandError: there is no such model, or it must not be opened.
    """
    path = Path(said)
    try:
        path = path if (path / MANIFEST_FILE).exists() else _named(models, said, scratch)
        return Side(said, admit_unopened(path))
    except ModelFolderError as error:
        raise CommandError(ExitCode.USAGE, error.message.replace(str(scratch), said)) from None


def _named(models: Path, said: str, scratch: Path) -> Path:
    name, at, revision = said.partition("@")
    if at:
        return folder_at(models, name, revision, scratch)
    try:
        return folder_of(models, name)
    except CommandError as error:
        raise CommandError(ExitCode.USAGE, error.message) from None
