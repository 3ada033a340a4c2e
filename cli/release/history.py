"""`serin release history`: what was released, when, why and by whom."""

from __future__ import annotations

import json

from cli.bench.tables import aligned
from cli.release.remote import release_function
from cli.release.view import called, lines, moment, state, who, why
from serin.release.record import Release


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
    print(json.dumps(document, indent=2) if as_json else "\n".join(aligned(list(map(_row, releases)), words=True)))


def _row(release: Release) -> list[str]:
    return [
        str(release.number),
        moment(release.started_at),
        f"{called(release.stable, release.stable_model_version)} -> {called(release.new, release.model_version)}",
        state(release),
        f"{who(release.by)}: {release.start_reason}",
        why(release),
    ]
