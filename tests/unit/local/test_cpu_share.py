"""Which control groups a process may make others in, read from what the kernel says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.cpu_share import Share, first_version_groups, second_version_groups

FIRST = """\
24 1 0:20 / /sys/fs/cgroup rw,relatime - tmpfs cgroup rw,mode=755
25 24 0:21 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
26 24 0:22 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
"""


def test_lambda_gives_a_processor_for_so_much_memory() -> None:
    assert Share.of_lambda(1769) == Share(1.0, 1769)
    assert Share.of_lambda(512).cpus == pytest.approx(0.2894, abs=1e-4)


def test_groups_of_the_first_version_are_this_processs_own() -> None:
    own = "4:memory:/user.slice/a\n3:cpu,cpuacct:/\n1:name=systemd:/x\n0::/\n"
    assert first_version_groups(FIRST, own) == (
        Path("/sys/fs/cgroup/cpu,cpuacct"),
        Path("/sys/fs/cgroup/memory/user.slice/a"),
    )


@pytest.mark.parametrize("own", ["4:memory:/\n", "3:cpu,cpuacct:/\n", "0::/\n"])
def test_both_controllers_of_the_first_version_are_needed(own: str) -> None:
    assert first_version_groups(FIRST, own) is None


def tree(mount: Path, **controllers: str) -> str:
    """Groups of the second version as plain files, by the names of folders below one another; the mount's line."""
    group = mount
    for name, passed in controllers.items():
        group = group / name if name != "root" else group
        group.mkdir(exist_ok=True)
        (group / "cgroup.subtree_control").write_text(passed + "\n")
    return f"30 1 0:26 / {mount} rw,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"


def test_groups_of_the_second_version_are_those_above_that_pass_both_controllers_on(tmp_path: Path) -> None:
    mounts = tree(tmp_path, root="cpuset cpu io memory pids", user="cpu memory", session="memory pids", scope="")
    assert second_version_groups(mounts, "0::/user/session/scope\n") == [tmp_path / "user", tmp_path]


@pytest.mark.parametrize("own", ["0::/gone/away\n", "0::/\n", "4:memory:/\n"])
def test_where_no_group_passes_them_on_there_is_none(own: str, tmp_path: Path) -> None:
    assert second_version_groups(tree(tmp_path, root="pids"), own) == []
