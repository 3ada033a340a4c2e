from __future__ import annotations

from pathlib import Path

from benchmarks.parts.fetch import Fetched, read_trace


def test_files_are_counted_once_and_bytes_as_often_as_they_are_read(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"12345")
    other.write_bytes(b"")
    trace = f"""\
7 execve("{one}", ["one"], 0x7ffd /* 3 vars */) = 0
7 openat(AT_FDCWD</task>, "{one}", O_RDONLY|O_CLOEXEC) = 3<{one}>
7 read(3<{one}>, "12345", 4096) = 5
7 read(3<{one}>, "", 4096) = 0
7 pread64(3<{one}>, "123", 3, 0) = 3
8 openat(AT_FDCWD</task>, "other", O_RDONLY) = 4<{other}>
8 openat(AT_FDCWD</task>, "{tmp_path}/missing", O_RDONLY) = -1 ENOENT (No such file or directory)
8 openat(AT_FDCWD</task>, "{tmp_path}", O_RDONLY|O_DIRECTORY) = 5<{tmp_path}>
8 openat(AT_FDCWD</task>, "/proc/self/status", O_RDONLY) = 6</proc/self/status>
8 read(6</proc/self/status>, "Name", 4096) = 4
8 read(0<pipe:[17]>, "x", 1) = 1
""".splitlines(keepends=True)
    assert read_trace(trace) == Fetched(files=2, read=8)
