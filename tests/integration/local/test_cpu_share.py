"""Real programs under real limits, by every way that this machine has."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from local.cpu_share import Share, Way, _ways, _works, way_to_limit
from local.process_memory import peak_memory_mb

WAYS = [way for way in _ways() if _works(way)]

BUSY = """
import json, time
begun, spent = time.monotonic(), time.process_time()
while time.monotonic() - begun < 1.0:
    pass
print(json.dumps((time.process_time() - spent) / (time.monotonic() - begun)))
"""


def limited(way: Way, share: Share, code: str) -> subprocess.CompletedProcess[str]:
    with way.limit(share) as how:
        command = [*how.before_emulator, *how.before_function, sys.executable, "-c", code]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_this_machine_has_a_way() -> None:
    assert way_to_limit() in WAYS or [way.name for way in WAYS]
    assert {"control groups", "podman"} >= {way.name for way in WAYS} != set()


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_a_busy_program_gets_its_share_of_the_time_and_no_more(way: Way) -> None:
    done = limited(way, Share(0.25, 256), BUSY)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) <= 0.3


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_a_program_over_its_memory_is_killed_and_one_within_it_is_not(
    way: Way, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    share = Share(1.0, 128)
    assert limited(way, share, "print(len(bytearray(200 * 2**20)))").returncode in {-9, 137}
    assert limited(way, share, "print(len(bytearray(64 * 2**20)))").stdout == f"{64 * 2**20}\n"
    assert limited(way, share, "import os; print(os.getcwd())").stdout == f"{tmp_path}\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_nothing_is_left_of_a_limit(way: Way) -> None:
    with way.limit(Share(0.5, 128)) as how:
        words = " ".join((*how.before_emulator, *how.before_function))
        made = [Path(path) for path in re.findall(r"/[\w./,-]*serin-[\w-]+", words)]
        assert made
        assert all(path.exists() for path in made)
        subprocess.run([*how.before_emulator, *how.before_function, "true"], check=True, timeout=60)
    assert not any(path.exists() for path in made)


def test_the_peak_of_a_program_is_what_it_held_and_not_what_it_holds() -> None:
    code = "import sys; block = bytearray(150 * 2**20); del block; print('', flush=True); sys.stdin.read()"
    python = Path(sys.executable)
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "MARK": "one"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        peak = peak_memory_mb(python, "MARK=one")
        assert peak is not None
        assert 150 <= peak <= 200
        assert peak_memory_mb(python, "MARK=two") is None
    finally:
        process.communicate(b"")
    assert peak_memory_mb(python, "MARK=one") is None
