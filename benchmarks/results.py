"""A run's results: kept as JSON, read back, and shown as one table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.rows import LeftOut, Outcome, Row, Spread

FOLDER: Final = Path(__file__).parent / "results"
LATEST: Final = FOLDER / "latest.json"
_SUMMARY: Final = {"cold-bare", "cold-usual", "cold-half", "big-wall", "warm-p50", "http-8", "memory", "size"}
_HEADINGS: Final = ("what", "Serin", "against", "there", "ratio", "quartiles", "target", "reached")


@dataclass(frozen=True, slots=True)
class Results:
    """``machine``: what the figures depend on. Rows that could not be measured say why."""

    machine: Mapping[str, str]
    rows: Sequence[Row]
    left_out: Sequence[LeftOut]

    @classmethod
    def of(cls, machine: Mapping[str, str], outcomes: Iterable[Outcome]) -> Results:
        """The rows of one run."""
        taken = list(outcomes)
        rows = [outcome for outcome in taken if isinstance(outcome, Row)]
        return cls(machine, rows, [outcome for outcome in taken if isinstance(outcome, LeftOut)])


def write(results: Results, file: Path = LATEST) -> None:
    """As JSON, indented."""
    file.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n")


def read(file: Path = LATEST) -> Results:
    """What ``write`` wrote."""
    return msgspec.json.decode(file.read_bytes(), type=Results)


def cells(row: Row) -> tuple[str, ...]:
    """A row of the table as texts."""
    reached = {None: "-", True: "yes", False: "no"}[row.reached]
    quartiles = f"{figure(row.ratio.low)} - {figure(row.ratio.high)}"
    ours, theirs = _with_unit(row.ours, row.unit), _with_unit(row.reference, row.unit)
    return (row.what, ours, row.against, theirs, f"{figure(row.ratio.median)} x", quartiles, _promise(row), reached)


def table(outcomes: Iterable[Outcome]) -> str:
    """For a terminal: one line a row, columns aligned."""
    lines = [_HEADINGS, *(cells(row) if isinstance(row, Row) else _missing(row) for row in outcomes)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(_HEADINGS))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def markdown(results: Results) -> str:
    """The same for a page, with the machine's facts below it."""
    lines = [_HEADINGS, ("---",) * len(_HEADINGS), *map(cells, results.rows)]
    text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    missing = "".join(f"\nNot measured: {row.key}: {row.why}.\n" for row in results.left_out)
    machine = ", ".join(f"{name} {value}" for name, value in results.machine.items())
    return f"{text}\n{missing}\nMeasured with: {machine}.\n"


def summary(results: Results) -> str:
    """The rows that a reader wants first, for a page."""
    chosen = [row for row in results.rows if row.key in _SUMMARY]
    lines = [("what", "Serin", "against", "there", "ratio"), ("---",) * 5, *(cells(row)[:5] for row in chosen)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def figure(value: float) -> str:
    """Three digits that count; whole numbers from a hundred on."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _promise(row: Row) -> str:
    if row.most is not None:
        return f"<= {row.most:g} {row.unit}"
    return "-" if row.target is None else f"{'<=' if row.better == 'lower' else '>='} {row.target:g} x"


def _with_unit(spread: Spread, unit: str) -> str:
    return f"{figure(spread.median)} {unit}"


def _missing(row: LeftOut) -> tuple[str, ...]:
    return (row.key, *("-",) * (len(_HEADINGS) - 3), row.why, "-")
