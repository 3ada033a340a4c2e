"""What a process knows of itself, held against what the kernel tells others of it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from serin import process


def test_the_peak_is_the_kernels_and_stays_when_memory_is_given_back() -> None:
    before = process.peak_memory_mb()
    block = bytearray(os.urandom(1) * (64 * 2**20))
    most = process.peak_memory_mb()
    del block
    assert before is not None
    assert most is not None
    assert most >= 64
    assert process.peak_memory_mb() == most
    found = re.search(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found is not None
    assert most == int(found[1]) / 1024


def test_the_start_is_between_what_was_before_and_what_comes_after() -> None:
    before = process.boot_seconds()
    code = "from serin.process import boot_seconds, started_at; print(started_at(), boot_seconds())"
    path = os.pathsep.join(sys.path)
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": path}, capture_output=True, check=True)
    started, ready = map(float, done.stdout.split())
    after = process.boot_seconds()
    assert before is not None
    assert after is not None
    tick = 1 / os.sysconf("SC_CLK_TCK")
    assert before - tick <= started <= ready <= after


@pytest.mark.parametrize("text", [None, b"", b"VmHWM: many kB", b"1 (a) b) S"])
def test_where_the_system_does_not_tell_nothing_is_known(text: bytes | None, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(_file: str) -> bytes:
        if text is None:
            raise FileNotFoundError
        return text

    monkeypatch.setattr(process, "_read", read)
    assert (process.peak_memory_mb(), process.started_at()) == (None, None)


def test_a_system_without_that_clock_does_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("time.CLOCK_BOOTTIME")
    assert process.boot_seconds() is None
