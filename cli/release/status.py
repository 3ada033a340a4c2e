"""`serin release status`: where releases are."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from cli.bench.tables import aligned
from cli.outcome import CommandError, ExitCode
from cli.release.follow import Frame, follow
from cli.release.remote import ReleaseFunction, Seen, release_function, release_functions
from cli.release.verdict import raise_unless_promoted
from cli.release.view import lines, summary

_AT_ONCE: Final = 8


def show_status(stage: str, model: str | None, *, watch: bool, as_json: bool) -> None:
    """Print the last release of ``model``, or a line for each model of ``stage``.

    Raises:
        CommandError: the release cannot be told; or it is on its way, or ended otherwise than promoted.
    """
    if watch and as_json:
        raise CommandError(ExitCode.USAGE, "--watch shows a view, and --json a document; give one of them")
    if model is None:
        _every(release_functions(stage), watch=watch, as_json=as_json)
    else:
        _one(release_function(stage, model), watch=watch, as_json=as_json)


def _one(function: ReleaseFunction, *, watch: bool, as_json: bool) -> None:
    seen: list[Seen] = []

    def look() -> Frame:
        seen[:] = [function.status()]
        return Frame(
            lines=lines(seen[0]),
            news=["  ".join(filter(None, summary(seen[0])))],
            is_last=seen[0].release.status.is_final,
        )

    _show(look, lambda: seen[0].document, watch=watch, as_json=as_json)
    raise_unless_promoted([each.release for each in seen])


def _every(functions: Sequence[ReleaseFunction], *, watch: bool, as_json: bool) -> None:
    """What cannot be told of one model does not keep that of the others back."""
    found: dict[str, Seen | CommandError] = {}

    def look() -> Frame:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found.update(zip((each.model for each in functions), pool.map(_status, functions), strict=True))
        text = _table(found)
        known = [each.release for each in found.values() if isinstance(each, Seen)]
        return Frame(lines=text, news=text, is_last=all(release.status.is_final for release in known))

    def document() -> Mapping[str, object]:
        return {
            model: each.document if isinstance(each, Seen) else {"error": each.message} for model, each in found.items()
        }

    _show(look, lambda: {"models": document()}, watch=watch, as_json=as_json)
    for error in found.values():
        if isinstance(error, CommandError):
            raise error
    raise_unless_promoted([each.release for each in found.values() if isinstance(each, Seen)])


def _table(found: Mapping[str, Seen | CommandError]) -> list[str]:
    """A line a model; what cannot be told of one has no columns."""
    told = {model: summary(each) for model, each in found.items() if isinstance(each, Seen)}
    rows = dict(zip(told, aligned(list(told.values()), words=True), strict=True)) if told else {}
    return [rows.get(model) or f"{model}: {each}" for model, each in found.items()]


def _status(function: ReleaseFunction) -> Seen | CommandError:
    try:
        return function.status()
    except CommandError as error:
        return error


def _show(
    look: Callable[[], Frame], document: Callable[[], Mapping[str, object]], *, watch: bool, as_json: bool
) -> None:
    if watch:
        follow(look)
        return
    frame = look()
    print(json.dumps(document(), indent=2) if as_json else "\n".join(frame.lines))
