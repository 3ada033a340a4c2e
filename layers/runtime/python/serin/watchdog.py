"""Ends runs that outlive their deadline. One thread, asleep while nothing runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

PERIOD_SECONDS: Final = 0.02
"""How late a run may be noticed. Polling keeps a guarded run free of wake-ups and locks."""


class Terminable(Protocol):
    """ONNX Runtime's ``RunOptions``: setting ``terminate`` ends the run that uses it."""

    terminate: bool


@dataclass(eq=False, slots=True)
class Guard:
    """One run under watch."""

    deadline: float
    target: Terminable
    expired: bool = False


class Watchdog:
    """Sets ``terminate`` on every guarded run whose deadline has passed."""

    def __init__(self) -> None:
        self._guards: set[Guard] = set()
        self._busy = threading.Event()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    @contextmanager
    def guard(self, deadline: float, target: Terminable) -> Iterator[Guard]:
        """Watch one run. ``deadline`` is in ``time.monotonic()`` seconds."""
        guard = Guard(deadline, target)
        self._guards.add(guard)
        if not (self._busy.is_set() and self._is_awake()):
            self._wake()
        try:
            yield guard
        finally:
            self._guards.discard(guard)

    def _wake(self) -> None:
        with self._starting:
            if not self._is_awake():
                self._thread = threading.Thread(target=self._watch, name="serin-watchdog", daemon=True)
                self._thread.start()
            self._busy.set()

    def _is_awake(self) -> bool:
        return self._thread is not None and self._thread.is_alive()  # a forked process has no thread

    def _watch(self) -> None:
        while True:
            self._busy.wait()
            time.sleep(PERIOD_SECONDS)
            now = time.monotonic()
            for guard in tuple(self._guards):
                if guard.deadline <= now:
                    guard.expired = True
                    guard.target.terminate = True
            if not self._guards:
                self._busy.clear()
                # A run that began between the look and the clear must not sleep unwatched.
                if self._guards:
                    self._busy.set()
