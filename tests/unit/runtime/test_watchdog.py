"""The watchdog: what is late is ended, what is done is forgotten."""

from __future__ import annotations

import multiprocessing
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from serin.watchdog import PERIOD_SECONDS, Watchdog

LATEST = PERIOD_SECONDS + 10
"""Seconds by which a late run has been noticed, on a machine with much else to do."""


@dataclass
class Run:
    terminate: bool = False


def is_ended(run: Run, seconds: float = LATEST) -> bool:
    """Whether ``run`` is told to end within ``seconds``."""
    until = time.monotonic() + seconds
    while not run.terminate and time.monotonic() < until:
        time.sleep(0.002)
    return run.terminate


def is_asleep(watchdog: Watchdog) -> bool:
    """Whether the watchdog falls asleep in time."""
    until = time.monotonic() + LATEST
    while watchdog._busy.is_set() and time.monotonic() < until:
        time.sleep(0.002)
    return not watchdog._busy.is_set()


def test_a_run_beyond_its_deadline_is_told_to_end() -> None:
    run = Run()
    begun = time.monotonic()
    with Watchdog().guard(begun + 0.1, run) as guard:
        assert is_ended(run)
        assert time.monotonic() >= begun + 0.1
        assert guard.expired


def test_a_run_within_its_deadline_is_left_alone() -> None:
    run = Run()
    with Watchdog().guard(time.monotonic() + 60, run) as guard:
        assert not is_ended(run, 3 * PERIOD_SECONDS)
        assert not guard.expired


def test_a_run_that_is_done_is_not_ended_later() -> None:
    watchdog, run = Watchdog(), Run()
    with watchdog.guard(time.monotonic() + 0.05, run):
        pass
    assert not is_ended(run, 0.05 + 3 * PERIOD_SECONDS)


def test_a_run_that_fails_is_forgotten_too() -> None:
    watchdog = Watchdog()
    with pytest.raises(ZeroDivisionError), watchdog.guard(time.monotonic() + 60, Run()):
        raise ZeroDivisionError
    assert not watchdog._guards


def test_it_wakes_again_after_it_fell_asleep() -> None:
    watchdog = Watchdog()
    for _ in range(3):
        with watchdog.guard(time.monotonic() + 60, Run()):
            pass
        assert is_asleep(watchdog)
        run = Run()
        with watchdog.guard(time.monotonic(), run):
            assert is_ended(run)


def test_many_runs_at_once_take_one_thread_and_leave_nothing() -> None:
    watchdog = Watchdog()
    before = threading.active_count()

    def guarded(number: int) -> tuple[bool, bool]:
        """A run that is late, or one that has time."""
        late = number % 2 == 0
        run = Run()
        with watchdog.guard(time.monotonic() + (0.0 if late else 60.0), run):
            if late:
                is_ended(run)
        return late, run.terminate

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(guarded, range(400)))
        assert threading.active_count() <= before + 8 + 1
    assert all(late == ended for late, ended in results)
    assert not watchdog._guards


def _is_guarded_in_a_child(watchdog: Watchdog) -> None:
    run = Run()
    with watchdog.guard(time.monotonic(), run):
        raise SystemExit(0 if is_ended(run) else 1)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_process_watches_its_own_runs() -> None:
    watchdog = Watchdog()
    with watchdog.guard(time.monotonic() + 60, Run()):  # so the thread is at work when the process forks
        child = multiprocessing.get_context("fork").Process(target=_is_guarded_in_a_child, args=(watchdog,))
        child.start()
        child.join(30)
    assert child.exitcode == 0
