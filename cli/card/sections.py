"""What a card is laid out in: sections of names with values, tables and pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cli.outcome import one_line
from serin.baseline import Bins

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A distribution to be drawn: of a row at least, edges rising, a count for each bin.

    ``bounds``: how far its open ends reach at most.
    """

    name: str
    bins: Bins
    bounds: tuple[float | None, float | None] = (None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of a table; the first cell names it. ``note``: a sentence about it."""

    cells: tuple[str, ...]
    note: str = ""
    drawing: Drawing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """``head``: a title for each cell of a row."""

    head: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def drawn(self) -> bool:
        """Whether a row has a picture."""
        return any(row.drawing is not None for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What stands below one heading. ``code``: to be copied as it is."""

    title: str
    note: str = ""
    pairs: tuple[Pair, ...] = ()
    tables: tuple[Table, ...] = ()
    drawing: Drawing | None = None
    code: str = ""


def printable(section: Section) -> Section:
    """``section`` without what would break a line or steer a terminal; ``code`` has nothing of the kind."""
    return replace(
        section,
        note=one_line(section.note),
        pairs=tuple((one_line(name), one_line(value)) for name, value in section.pairs),
        tables=tuple(
            Table(head=table.head, rows=tuple(_printable_row(row) for row in table.rows)) for table in section.tables
        ),
        drawing=_printable_drawing(section.drawing),
    )


def _printable_row(row: Row) -> Row:
    return Row(cells=tuple(map(one_line, row.cells)), note=one_line(row.note), drawing=_printable_drawing(row.drawing))


def _printable_drawing(drawing: Drawing | None) -> Drawing | None:
    return None if drawing is None else replace(drawing, name=one_line(drawing.name))
