"""The watchdog: what is late is ended, what is done is forgotten."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from serin.watchdog import PERIOD_SECONDS, Watchdog

LATEST = PERIOD_SECONDS + 10
"""Seconds by which a late run has been noticed, on a machine with much else to do."""


@dataclass(eq=False)
class Run:
    deadline: float
    ends: int = 0

    def terminate(self) -> None:
        self.ends += 1


def in_seconds(seconds: float) -> Run:
    """A run that is late in ``seconds``."""
    return Run(time.monotonic() + seconds)


@contextmanager
def watched(watchdog: Watchdog, run: Run) -> Iterator[Run]:
    watchdog.watch(run)
    try:
        yield run
    finally:
        watchdog.forget(run)


def is_ended(run: Run, seconds: float = LATEST) -> bool:
    """Whether ``run`` is told to end within ``seconds``."""
    until = time.monotonic() + seconds
    while not run.ends and time.monotonic() < until:
        time.sleep(0.002)
    return run.ends > 0


def is_asleep(watchdog: Watchdog) -> bool:
    """Whether the watchdog falls asleep in time."""
    until = time.monotonic() + LATEST
    while watchdog._is_awake and time.monotonic() < until:
        time.sleep(0.002)
    return not watchdog._is_awake


def test_a_run_beyond_its_deadline_is_told_to_end_once() -> None:
    watchdog, run = Watchdog(), in_seconds(0.1)
    watchdog.watch(run)
    assert is_ended(run)
    assert time.monotonic() >= run.deadline
    time.sleep(3 * PERIOD_SECONDS)
    assert not watchdog.forget(run)
    assert run.ends == 1


def test_a_run_within_its_deadline_is_left_alone() -> None:
    watchdog, run = Watchdog(), in_seconds(60)
    watchdog.watch(run)
    assert not is_ended(run, 3 * PERIOD_SECONDS)
    assert watchdog.forget(run)


def test_a_run_that_is_done_is_not_ended_later() -> None:
    watchdog, run = Watchdog(), in_seconds(0.05)
    watchdog.watch(run)
    assert watchdog.forget(run)
    assert not is_ended(run, 0.05 + 3 * PERIOD_SECONDS)


def test_it_wakes_again_after_it_fell_asleep() -> None:
    watchdog = Watchdog()
    for _ in range(3):
        with watched(watchdog, in_seconds(60)):
            pass
        assert is_asleep(watchdog)
        with watched(watchdog, in_seconds(0)) as run:
            assert is_ended(run)


def test_a_run_that_comes_as_the_watchdog_falls_asleep_is_watched_too() -> None:
    watchdog, late = Watchdog(), in_seconds(0)
    for _ in range(20):
        with watched(watchdog, in_seconds(60)):
            pass
        watchdog._runs.add(late)  # by a thread that has found the watchdog awake
        watchdog._fall_asleep()
        assert watchdog._is_awake
        assert is_ended(late)
        late = in_seconds(0)


def test_many_runs_at_once_take_one_thread_and_leave_nothing() -> None:
    watchdog = Watchdog()
    before = threading.active_count()

    def guarded(number: int) -> tuple[bool, bool, int]:
        """A run that is late, or one that has time; whether it was told to end; and what the watchdog says of that."""
        late = number % 2 == 0
        run = in_seconds(0.0 if late else 60.0)
        watchdog.watch(run)
        if late:
            is_ended(run)
        return late, watchdog.forget(run), run.ends

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(guarded, range(400)))
        assert threading.active_count() <= before + 8 + 1
    assert all((ends, forgotten) == ((1, False) if late else (0, True)) for late, forgotten, ends in results)
    assert not watchdog._runs


def test_a_run_is_either_forgotten_or_ended_never_both() -> None:
    watchdog = Watchdog()

    def race(_: int) -> tuple[bool, Run]:
        """A run that is done at about the moment when it is late."""
        run = in_seconds(0)
        watchdog.watch(run)
        time.sleep(PERIOD_SECONDS)
        return watchdog.forget(run), run

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(race, range(400)))
    time.sleep(3 * PERIOD_SECONDS)
    assert all(run.ends == (0 if forgotten else 1) for forgotten, run in results)


def _is_watched_in_a_child(watchdog: Watchdog) -> None:
    with watched(watchdog, in_seconds(0)) as run:
        raise SystemExit(0 if is_ended(run) else 1)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_process_watches_its_own_runs() -> None:
    watchdog = Watchdog()
    with watched(watchdog, in_seconds(60)):  # so the thread is at work when the process forks
        child = multiprocessing.get_context("fork").Process(target=_is_watched_in_a_child, args=(watchdog,))
        child.start()
        child.join(30)
    assert child.exitcode == 0
