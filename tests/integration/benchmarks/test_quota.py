from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from benchmarks.quota import limited
from local.errors import LocalError


def test_a_program_runs_in_a_group_with_its_share_and_the_group_is_gone_after_it() -> None:
    try:
        with limited(0.25) as before:
            command = [*before, "sh", "-c", 'cat "$0/cgroup.procs"; echo $$; cat "$0"/cpu.max "$0"/cpu.cfs_quota_us']
            done = subprocess.run([*command, before[-1]], capture_output=True, text=True, check=False)
    except LocalError:
        assert os.geteuid() != 0 or not os.environ.get("CI"), "as root, the checks can make control groups"
        pytest.skip("control groups cannot be written here")
    lines = done.stdout.split()
    assert lines[-1] == "5000" or lines[-2:] == ["5000", "20000"]
    assert len(set(lines[:3])) < 3, "the program itself is in the group"
    assert not Path(before[-1]).exists()
