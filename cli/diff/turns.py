"""Both models answer the same rows, in turns, so that what else the machine does meets both alike."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from cli.diff.sides import Side
from cli.diff.turn_process import Turn
from cli.outcome import CommandError, ExitCode
from cli.progress import counting
from serin.admission import seconds_for
from serin.admission.apart import Limits, run_apart
from serin.golden import read_golden
from serin.openapi import example_request

TURNS: Final = 3
"""Of each model; every one in a new process."""
_MOST_ROWS: Final = 1000
_SECONDS: Final = 5.0
_LONGEST: Final = 2**26


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One model in all its turns.

    ``open_ms``: median over the turns. ``row_ms``: the median row, of ``rows_timed``; None where it took no row.
    """

    answers: list[dict[str, Any] | None]
    refusals: list[str | None]
    open_ms: float
    row_ms: float | None
    rows_timed: int


def rows_of(side: Side) -> list[dict[str, Any]]:
    """Rows that ``side`` is known to take: its golden cases, the first thousand, or failing those its example.

    Raises:
        ModelFolderError: the golden cases cannot be read.
    """
    golden = side.folder.lock.golden
    cases = [] if golden is None else read_golden(side.folder.path / golden.file.file)
    rows: list[dict[str, Any]] = [case.instance for case in cases[:_MOST_ROWS]]
    return rows or example_request(side.folder.manifest)["instances"]


def measure(a: Side, b: Side, rows: Sequence[dict[str, Any]], scratch: Path) -> tuple[Measured, Measured]:
    """Have both answer ``rows`` in processes of their own, with the time and the memory that admission gives them.

    Raises:
        CommandError: one of them cannot be opened, or does not end.
    """
    file = scratch / "rows.json"
    file.write_bytes(msgspec.json.encode(rows))
    turns: tuple[list[Turn], list[Turn]] = ([], [])
    with counting("Asking both models", 2 * TURNS) as done:
        for number in range(TURNS):
            for which in (0, 1) if number % 2 == 0 else (1, 0):
                turns[which].append(_turn((a, b)[which], file))
                done()
    return _measured(turns[0]), _measured(turns[1])


def _turn(side: Side, rows: Path) -> Turn:
    folder = side.folder
    seconds = seconds_for(folder.lock.artifact.bytes) + _SECONDS
    limits = Limits(seconds=seconds, memory=folder.manifest.serving.memory_mb * 2**20)
    arguments = [str(folder.path), str(rows)]
    ending = run_apart("cli.diff.turn_process", arguments, limits, longest=_LONGEST)
    if ending.is_late:
        raise _refusal(side, f"it is not opened, and the rows not answered, in {seconds:g} s")
    try:
        turn = msgspec.json.decode(b"" if ending.death else ending.said, type=Turn)
    except msgspec.DecodeError:
        how = ending.death or f"exit code {ending.code}"
        raise _refusal(side, f"opening it or answering ended the process with {how}") from None
    if turn.error:
        raise _refusal(side, turn.error)
    return turn


def _measured(turns: Sequence[Turn]) -> Measured:
    times = [time for turn in turns for time in turn.row_ms]
    return Measured(
        answers=turns[0].answers,
        refusals=turns[0].refusals,
        open_ms=statistics.median(turn.open_ms for turn in turns),
        row_ms=statistics.median(times) if times else None,
        rows_timed=len(times),
    )


def _refusal(side: Side, problem: str) -> CommandError:
    return CommandError(ExitCode.USAGE, f"{side.said}: {problem}; `serin verify` says more")
