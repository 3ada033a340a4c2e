"""Progress on stderr, and only where a person looks on: a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, TypeVar

SHOW_CURSOR: Final = b"\x1b[?25h"
"""For whoever ends the process under a bar, which hides the cursor."""

_T = TypeVar("_T")


def tracked(items: Sequence[_T], text: str) -> Iterator[_T]:
    """``items`` one by one, with a bar that says how many are done."""
    if not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(items, description=text, console=Console(stderr=True), transient=True)


@contextmanager
def counting(text: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar for work that goes on in the body, in ``total`` parts; call what is given after each."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(text, total=total)
        yield lambda: progress.advance(task)


@contextmanager
def waiting(text: str) -> Iterator[None]:
    """A sign of life for as long as the body takes."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(text):
        yield
