"""Ends runs that outlive their deadline. One thread, asleep while nothing runs."""

from __future__ import annotations

import os
import threading
import time
from typing import Final, Protocol

PERIOD_SECONDS: Final = 0.02
"""How late a run may be noticed. Polling keeps a guarded run free of wake-ups and locks."""


class Terminable(Protocol):
    """One run, or what it runs with."""

    deadline: float
    """``time.monotonic()`` seconds at which to end it."""

    def terminate(self) -> None:
        """End it. Called from the watchdog's thread, perhaps when it has just ended of itself."""


class Watchdog:
    """Terminates every watched run whose deadline has passed.

    A run is in the set while it is watched, and whoever takes it out decides its fate: ``forget`` for the run itself
    (then it is never told to end), or the watchdog's thread (then it is, exactly once, and ``forget`` says so). Taking
    out is one atomic operation of the set, so a run costs no lock.
    """

    def __init__(self) -> None:
        self._reset()
        os.register_at_fork(after_in_child=self._reset)

    def watch(self, run: Terminable) -> None:
        """Watch ``run`` until ``forget``, which must follow whatever becomes of it. It is not in use elsewhere."""
        self._runs.add(run)
        if not self._is_awake:
            self._wake()

    def forget(self, run: Terminable) -> bool:
        """Watch ``run`` no more. False: it was late, and has been or is being told to end; do not use it again."""
        try:
            self._runs.remove(run)
        except KeyError:
            return False
        return True

    def _reset(self) -> None:
        """Begin anew, in a process that has just been forked too: it has no thread, and no run of another thread's."""
        self._runs: set[Terminable] = set()
        self._is_awake = False
        self._alarm = threading.Event()
        self._changing = threading.Lock()
        self._thread: threading.Thread | None = None

    def _wake(self) -> None:
        with self._changing:
            self._is_awake = True
            self._alarm.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="serin-watchdog", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while True:
            self._alarm.wait()
            time.sleep(PERIOD_SECONDS)
            self._end_late_runs()
            if not self._runs:
                self._fall_asleep()

    def _end_late_runs(self) -> None:
        now = time.monotonic()
        for run in self._runs.copy():  # in one step, while others come and go
            if run.deadline <= now and self.forget(run):
                run.terminate()

    def _fall_asleep(self) -> None:
        with self._changing:
            self._is_awake = False
            # A run that was added since the look found the watchdog awake, and did not wake it.
            if self._runs:
                self._is_awake = True
            else:
                self._alarm.clear()
