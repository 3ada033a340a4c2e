"""`serin diff`: two models beside each other."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from cli.diff.report import compare, lines
from cli.diff.sides import find_side
from cli.outcome import CommandError, ExitCode
from serin.errors import ModelFolderError


def diff(a: str, b: str, *, models: Path, as_json: bool) -> None:
    """Print how the model ``b`` differs from ``a``; each is a name, a folder, or NAME@REVISION.

    Raises:
        CommandError: B cannot take A's place (REFUSED), or they cannot be compared (USAGE).
    """
    with TemporaryDirectory(prefix="serin-diff-") as scratch:
        places = [Path(scratch, side) for side in "ab"]
        for place in places:
            place.mkdir()
        try:
            first, second = (find_side(models, said, place) for said, place in zip((a, b), places, strict=True))
            report = compare(first, second, Path(scratch))
        except ModelFolderError as error:
            raise CommandError(ExitCode.USAGE, error.message) from None
    if as_json:
        print(json.dumps(report.document(), indent=2))
    else:
        print(*lines(report), sep="\n")
    if not report.replaces:
        raise CommandError(ExitCode.REFUSED, f"{b} cannot take the place of {a} unnoticed by clients")
