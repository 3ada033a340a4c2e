"""Where an answer is made: on the event loop, when those before it on its path were quick, or else in a thread.

Handing a request to a thread and back costs more than a small model takes, and under load far more. But what runs on
the event loop keeps every other client waiting. So a path must show that it is quick, time after time, and one answer
that is not sends it back among the threads.
"""

from __future__ import annotations

from typing import Final

QUICK_SECONDS: Final = 0.001
"""Longest time of a quick answer, by the processor's clock of its thread: while another thread or another program runs
no work is done, and on a busy machine there is always one that does."""

STREAK: Final = 10
"""So many quick answers in a row make a path quick."""


class Pace:
    """How quick the answers on one path have been lately."""

    def __init__(self) -> None:
        self._streak = 0

    @property
    def is_quick(self) -> bool:
        """Whether the next answer may be expected to be quick."""
        return self._streak >= STREAK

    def note(self, seconds: float) -> None:
        """Take an answer's processor time in."""
        self._streak = self._streak + 1 if seconds <= QUICK_SECONDS else 0
