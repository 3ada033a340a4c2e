"""ONNX Runtime's environment: made once, in a thread, for whoever asks."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from serin.engine import environment
from serin.engine.environment import ENVIRONMENT, Environment
from serin.engine.status import RuntimeFailure


def test_all_who_ask_get_the_one_environment() -> None:
    with ThreadPoolExecutor(8) as pool:
        addresses = set(pool.map(lambda _: ENVIRONMENT.address, range(64)))
    assert len(addresses) == 1
    assert addresses != {0}


def test_an_environment_that_cannot_be_made_fails_whoever_asks_and_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise RuntimeFailure("no more memory")

    monkeypatch.setattr(environment, "made", fail)
    broken = Environment()
    for _ in range(2):
        with pytest.raises(RuntimeFailure, match="no more memory"):
            _ = broken.address


def test_a_process_that_ends_while_it_is_made_ends_as_any_other() -> None:
    # What the engine imports comes first, so that the end follows at once.
    code = "import ctypes, msgspec, serin.tensor, serin.watchdog; import serin.engine"
    for _ in range(8):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
