"""`serin release history`: what was released, when, why and by whom."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from cli.bench.tables import aligned
from cli.release.remote import release_function
from cli.release.view import begun, brief, called, lines, moment, state, who, why
from serin.release.record import Release

_HEAD: Final = ("release", "started", "from -> to", "status", "begun by", "because")


def show_history(stage: str, model: str, *, number: int | None, as_json: bool) -> None:
    """Print the last releases of ``model``, newest first, or the one of a ``number`` with its evidence.

    Raises:
        CommandError: they cannot be told, or there is none of this number.
    """
    function = release_function(stage, model)
    if number is not None:
        seen = function.status(number)
        print(json.dumps(seen.document, indent=2) if as_json else "\n".join(lines(seen)))
        return
    releases, document = function.history()
    print(json.dumps(document, indent=2) if as_json else "\n".join(_table(releases)))


def _table(releases: Sequence[Release]) -> list[str]:
    return aligned([_HEAD, *map(_row, releases)], words=True)


def _row(release: Release) -> list[str]:
    return [
        str(release.number),
        moment(release.started_at),
        called(release.new, release.model_version) if release.stable == release.new else _change(release),
        state(release),
        begun(who(release.by), release.start_reason),
        _outcome(release),
    ]


def _change(release: Release) -> str:
    return f"{called(release.stable, release.stable_model_version)} -> {called(release.new, release.model_version)}"


def _outcome(release: Release) -> str:
    """What was begun to end so at once, as a rollback is, has one reason alone."""
    if not release.status.is_final:
        return brief(release)
    return "" if release.reason == release.start_reason else why(release)
