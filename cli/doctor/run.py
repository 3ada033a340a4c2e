"""`serin doctor`: will it deploy and run?"""

from __future__ import annotations

import json
import os
from pathlib import Path

from cli.doctor.examine import Examination, examine
from cli.doctor.finding import Severity
from cli.doctor.report import counted, document, lines
from cli.ending import ended_in_order
from cli.outcome import CommandError, ExitCode
from cli.verify import folders_named
from infra.config import ConfigurationError, Stage, stage_named
from serin.errors import ModelFolderError


def doctor(model: str | None, *, every: bool, models: Path, stage: str | None, strict: bool, as_json: bool) -> None:
    """Examine and print.

    Args:
        model: Name of a model, or a folder.
        every: All of ``models`` instead.
        models: The folder of the models.
        stage: Where they are to go; None leaves the account alone.
        strict: Warnings count as errors do.
        as_json: Print JSON.

    Raises:
        CommandError: an error was found, or with ``strict`` a warning; or there is no such model or stage.
    """
    folders, target = _folders(models, model, every=every), _stage(stage)
    with ended_in_order():
        seen = examine(folders, models, target, os.environ)
    print(json.dumps(document(seen), indent=2) if as_json else "\n".join(lines(seen)))
    if seen.count(Severity.ERROR) or (strict and seen.findings):
        raise CommandError(ExitCode.REFUSED, f"{counted(seen)}: {_subjects(seen, strict=strict)}")


def _folders(models: Path, model: str | None, *, every: bool) -> list[Path]:
    """What is wrong with the question is no finding: it has a code of its own."""
    try:
        return folders_named(models, model, every=every)
    except CommandError as error:
        raise CommandError(ExitCode.USAGE, error.message.replace("serin verify", "serin doctor")) from None
    except ModelFolderError as error:
        raise CommandError(ExitCode.USAGE, error.message) from None


def _stage(name: str | None) -> Stage | None:
    try:
        return None if name is None else stage_named(name)
    except ConfigurationError as error:
        raise CommandError(ExitCode.USAGE, f"--stage: {error}") from None


def _subjects(seen: Examination, *, strict: bool) -> str:
    counts = (finding.subject for finding in seen.findings if strict or finding.severity is Severity.ERROR)
    return ", ".join(dict.fromkeys(counts))
