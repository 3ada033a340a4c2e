"""What a process of its own may not do, and that it ends."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from serin.admission.apart import Ending, Limits, run_apart

LIMITS = Limits(seconds=60, memory=256 * 2**20)
HEAD = "import sys\nfrom serin.admission.apart import limit_process\nlimit_process(*sys.argv[1:3])\n"


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose modules both processes find."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def run(programs: Path, code: str, *arguments: str, limits: Limits = LIMITS, longest: int = 1000) -> Ending:
    (programs / "program.py").write_text(HEAD + code)
    return run_apart("program", [*arguments], limits, longest=longest, perturbation=90)


def test_it_gets_its_arguments_and_is_heard(programs: Path) -> None:
    ending = run(programs, "print(sys.argv[3:])", "a b", "-c")
    assert ending == Ending(b"['a b', '-c']\n", 0, is_late=False)
    assert ending.death is None


def test_its_exit_code_and_its_death_are_told(programs: Path) -> None:
    assert run(programs, "sys.exit(3)").code == 3
    assert run(programs, "import os\nos.abort()").death == "SIGABRT"
    assert run(programs, "import os\nos.kill(os.getpid(), 40)").death == "signal 40"


def test_it_sees_no_more_of_the_environment_than_it_needs(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("ORT_LOAD_CONFIG_FROM_MODEL", "1")
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    said = run(programs, "import json, os\nprint(json.dumps(dict(os.environ)))", longest=100_000).said
    environment = json.loads(said)
    assert environment.keys() <= {
        *("HOME", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "MALLOC_PERTURB_", "OPENBLAS_NUM_THREADS"),
        *("ORT_DISABLE_TELEMETRY", "PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONPATH"),
    }
    assert (environment["LC_ALL"], environment["MALLOC_PERTURB_"]) == ("C", "90")


def test_it_writes_no_file(programs: Path) -> None:
    code = f"with open({str(programs / 'made')!r}, 'w') as file: file.write('text')"
    assert run(programs, code).code == 1
    assert (programs / "made").stat().st_size == 0
    assert not (programs / "__pycache__").exists()


def test_it_takes_no_more_memory_than_it_may(programs: Path) -> None:
    take = "try: bytearray(int(sys.argv[3]))\nexcept MemoryError: print('no')"
    assert run(programs, take, str(2**20)).said == b""
    assert run(programs, take, str(300 * 2**20)).said == b"no\n"


@pytest.mark.parametrize("code", ["import time\ntime.sleep(600)", "while True: pass"])
def test_it_does_not_outlive_its_time(code: str, programs: Path) -> None:
    assert run(programs, code, limits=Limits(seconds=2, memory=LIMITS.memory)).is_late


def test_it_cannot_turn_off_the_clock_of_the_one_that_started_it(programs: Path) -> None:
    code = "import signal, time\nsignal.alarm(0)\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)"
    assert run(programs, code, limits=Limits(seconds=2, memory=LIMITS.memory)).is_late


def test_it_is_ended_when_it_talks_too_much(programs: Path) -> None:
    ending = run(programs, "while True: print('x' * 1000)", longest=10_000)
    assert len(ending.said) == 10_000
    assert ending.death == "SIGKILL"
    assert not ending.is_late


def test_no_time_is_no_process(programs: Path) -> None:
    assert run(programs, "", limits=Limits(seconds=0, memory=0)).is_late


def test_none_is_left(programs: Path) -> None:
    code = "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)"
    ending = run(programs, code, limits=Limits(seconds=2, memory=LIMITS.memory))
    with pytest.raises(ProcessLookupError):
        os.kill(int(ending.said), 0)
