"""A view that is drawn anew until nothing more is to come."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from cli.outcome import CommandError, ExitCode

SECONDS: Final = 3.0
_FAILURES: Final = 5
"""In a row; a watch goes on for hours, and a network does not."""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """``lines`` for a terminal, ``news`` where there is none: those lines that were not there before are printed."""

    lines: Sequence[str]
    news: Sequence[str]
    is_last: bool


def follow(look: Callable[[], Frame], seconds: float = SECONDS) -> None:
    """Look every so many ``seconds`` until a frame is the last, or somebody presses Ctrl-C.

    Raises:
        CommandError: what ``look`` raises; that AWS is unreachable only after some tries.
    """
    show, close = _on_terminal() if sys.stdout.isatty() else _as_lines()
    try:
        while True:
            frame = _patient(look, seconds)
            show(frame)
            if frame.is_last:
                return
            time.sleep(seconds)
    except KeyboardInterrupt:
        return
    finally:
        close()


def _patient(look: Callable[[], Frame], seconds: float) -> Frame:
    for _ in range(_FAILURES - 1):
        try:
            return look()
        except CommandError as error:
            if error.code is not ExitCode.UNREACHABLE:
                raise
        time.sleep(seconds)
    return look()


def _on_terminal() -> tuple[Callable[[Frame], None], Callable[[], None]]:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    live = Live(console=Console(), auto_refresh=False, vertical_overflow="visible")
    live.start()
    return lambda frame: live.update(Text("\n".join(frame.lines)), refresh=True), live.stop


def _as_lines() -> tuple[Callable[[Frame], None], Callable[[], None]]:
    known: set[str] = set()

    def show(frame: Frame) -> None:
        for line in frame.news:
            if line not in known:
                print(line, flush=True)
        known.clear()
        known.update(frame.news)

    return show, lambda: None
