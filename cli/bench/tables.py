"""Columns of text, aligned for a terminal."""

from __future__ import annotations

from collections.abc import Sequence


def aligned(rows: Sequence[Sequence[str]], *, words: bool = False) -> list[str]:
    """A line a row; every column as wide as its widest cell.

    The first column and the last hold words, and with ``words`` all do; the others hold numbers.
    """
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(_cells(row, widths, words)).rstrip() for row in rows]


def _cells(row: Sequence[str], widths: Sequence[int], words: bool) -> list[str]:
    last = len(row) - 1
    return [
        cell.ljust(width) if words or column in {0, last} else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
