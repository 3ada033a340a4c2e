"""`serin show`: the card of one model, to a terminal, to a page, or to a script."""

from __future__ import annotations

import json
from pathlib import Path

from cli.card.facts import read_card
from cli.files import replace_text
from cli.outcome import CommandError, ExitCode
from cli.plain import plain
from serin.errors import ModelFolderError


def show(folder: Path, *, html: Path | None, as_json: bool) -> None:
    """Print the card of the model in ``folder``; with ``html`` write its page instead, all or nothing.

    Raises:
        CommandError: the page cannot be written.
        ModelFolderError: the folder is not in order.
    """
    card = read_card(folder)
    if html is not None:
        from cli.card.html import card_page

        _write(html, card_page(card))
    if as_json:
        print(json.dumps(plain(card), indent=2))
    elif html is not None:
        print(f"{html} is written")
    else:
        from cli.card.text import card_lines

        print(*card_lines(card), sep="\n")


def _write(file: Path, page: str) -> None:
    try:
        replace_text(file, page)
    except ModelFolderError as error:
        raise CommandError(ExitCode.USAGE, f"--html: {file}: {error.problem}") from None
