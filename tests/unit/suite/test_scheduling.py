from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from tests.scheduling import SHARED, scope

MODULE = """
import os
import pytest

@pytest.mark.parametrize("i", range(4))
def test_who(i):
    with open("who", "a") as file:
        file.write(f"{__name__} {os.getpid()}\\n")
"""


def test_modules_that_share_something_are_one_unit_and_others_each_their_own() -> None:
    api, release = (scope(f"tests/integration/aws/test_deploy_{name}.py::test_x[a]") for name in ("api", "release"))
    assert api == release == "the deployed app"
    assert scope("tests/unit/cli/test_main.py::test_x") == "tests/unit/cli/test_main.py"


def test_what_is_shared_is_there(repository: Path) -> None:
    assert [path for path in SHARED if not (repository / path).exists()] == []


def test_a_parallel_run_keeps_each_unit_in_one_process(repository: Path, tmp_path: Path) -> None:
    """A real run of pytest with two workers, on modules whose tests write down where they are run."""
    for name in ("first", "second", "third"):
        file = tmp_path / "tests" / ("infra" if name != "third" else "unit") / f"test_{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(MODULE)
    (tmp_path / "conftest.py").write_text(
        f"import sys\nsys.path.append({str(repository)!r})\nfrom tests.scheduling import *\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--import-mode=importlib", "tests"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    processes: dict[str, set[str]] = defaultdict(set)
    for line in (tmp_path / "who").read_text().splitlines():
        module, process = line.split()
        processes[module.rpartition("test_")[2]].add(process)
    assert {name: len(found) for name, found in processes.items()} == {"first": 1, "second": 1, "third": 1}
    assert processes["first"] == processes["second"] != processes["third"]
