"""A card for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Final

from cli.bench.tables import aligned
from cli.card.facts import Card
from cli.card.histogram import line
from cli.card.outline import outline
from cli.card.sections import Section, Table
from cli.outcome import one_line

_WIDTH: Final = 100
_INDENT: Final = "  "


def card_lines(card: Card) -> list[str]:
    """The whole card, line by line."""
    head = f"{card.name} {card.version}"
    title = one_line(card.title)
    lines = [f"{head}: {title}" if title else head]
    if description := one_line(card.description):
        lines += ["", *textwrap.wrap(description, _WIDTH)]
    for section in outline(card):
        lines += ["", section.title, *_section(section)]
    return lines


def _section(section: Section) -> Iterator[str]:
    if section.pairs:
        yield from (_INDENT + row for row in aligned(section.pairs))
    if section.drawing is not None:
        yield f"{_INDENT}Distribution of the {section.drawing.name}: {line(section.drawing)}"
    for table in section.tables:
        yield from (_INDENT + row for row in _table(table))
    if section.note:
        yield from textwrap.wrap(section.note, _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT)
    if section.code:
        yield _INDENT + section.code


def _table(table: Table) -> Iterator[str]:
    head = (*table.head, "Distribution") if table.drawn else table.head
    cells = [(*row.cells, "" if row.drawing is None else line(row.drawing)) for row in table.rows]
    rows = [head, *(row[: len(head)] for row in cells)]
    first, *others = aligned(rows, words=True)
    yield first
    for text, row in zip(others, table.rows, strict=True):
        yield text
        if row.note:
            indent = 2 * _INDENT
            yield from textwrap.wrap(row.note, _WIDTH, initial_indent=indent, subsequent_indent=indent)
