"""Progress on stderr, and only where a person looks on: a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
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
def waiting(text: str) -> Iterator[None]:
    """A sign of life for as long as the body takes."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(text):
        yield
