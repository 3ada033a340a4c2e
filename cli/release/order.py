"""`serin release start`, `abort`, `promote`, `rollback`: what a person has a release do."""

from __future__ import annotations

import json
from typing import Final, Literal

from cli.outcome import CommandError, ExitCode
from cli.release.remote import release_function
from cli.release.view import called, state, why
from serin.release.orders import Refused, checked_reason
from serin.release.record import Release, Status

Command = Literal["start", "abort", "promote", "rollback"]

_WANTED: Final = {
    "abort": Status.ABORTED,
    "promote": Status.PROMOTED,
    "rollback": Status.PROMOTED,
}


def give_order(
    stage: str,
    model: str,
    command: Command,
    *,
    reason: str,
    as_json: bool,
    version: str | None = None,
    force: bool = False,
) -> None:
    """Have it done, in the name of the caller's credentials, and print what has become of it.

    Raises:
        CommandError: it is refused, cannot be asked for, or the release has ended otherwise.
    """
    try:
        checked_reason(reason)
    except Refused as refused:
        raise CommandError(ExitCode.USAGE, f"--{refused}") from None
    release, document = release_function(stage, model).order(command, reason, version=version, force=force)
    print(json.dumps(document, indent=2) if as_json else _told(release, command, stage))
    if release.status.is_final and release.status is not _WANTED.get(command):
        raise CommandError(ExitCode.NOT_PROMOTED, f"release {release.number} of {model} is {state(release)}")


def _told(release: Release, command: Command, stage: str) -> str:
    new, stable = called(release.new, release.model_version), called(release.stable, release.stable_model_version)
    named = f"release {release.number} of {release.model}"
    if release.status is Status.PROMOTED:
        return f"{named}: version {new} has all of the traffic"
    if release.status.is_final:
        return f"{named} is {state(release)}: {why(release)}"
    follow = f"`serin release status {release.model} --stage {stage} --watch` follows it"
    if command == "start":
        return f"{named}: version {new} is on its way beside {stable}; {follow}"
    return f"{named} is {state(release)}; {follow}"
