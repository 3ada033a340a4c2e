"""The emulator's binary, out of the pinned wheel."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.errors import LocalError
from local.rie_binary import rie_binary


def test_the_binary_is_fetched_once_and_is_executable(tmp_path: Path) -> None:
    first = rie_binary(tmp_path, "x86_64")
    stamp = first.stat().st_mtime_ns
    again = rie_binary(tmp_path, "x86_64")
    assert again == first
    assert again.stat().st_mtime_ns == stamp
    assert again.stat().st_mode & 0o111
    assert [path.name for path in first.parent.iterdir()] == [first.name], "the wheel is gone"


def test_a_changed_binary_is_refused(tmp_path: Path) -> None:
    binary = rie_binary(tmp_path, "aarch64")
    binary.write_bytes(binary.read_bytes() + b"\0")
    with pytest.raises(LocalError, match="delete the file and run again"):
        rie_binary(tmp_path, "aarch64")


def test_a_machine_without_a_binary_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="none for riscv64; it exists for aarch64 and x86_64"):
        rie_binary(tmp_path, "riscv64")
