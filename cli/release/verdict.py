"""What a script is told by the exit code of a look at releases."""

from __future__ import annotations

from collections.abc import Sequence

from cli.outcome import CommandError, ExitCode
from cli.release.view import state
from serin.release.record import Release, Status


def raise_unless_promoted(releases: Sequence[Release]) -> None:
    """Nothing where the last release of every model was promoted.

    Raises:
        CommandError: NOT_ENOUGH_DATA while one of ``releases`` has not ended, so that a script may ask again until it
            has; NOT_PROMOTED where all have, and one of them otherwise.
    """
    for code, found in (
        (ExitCode.NOT_ENOUGH_DATA, [each for each in releases if not each.status.is_final]),
        (ExitCode.NOT_PROMOTED, [each for each in releases if each.status is not Status.PROMOTED]),
    ):
        if found:
            raise CommandError(code, "; ".join(map(_told, found)))


def _told(release: Release) -> str:
    return f"release {release.number} of {release.model} is {state(release)}"
