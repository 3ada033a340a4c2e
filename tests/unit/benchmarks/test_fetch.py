from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.parts.fetch import Fetched, owner_of, read_trace


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
    assert read_trace(trace) == Fetched(files=2, bytes={str(one): 8})


@pytest.mark.parametrize(
    ("owner", "file"),
    [
        ("library", "/task/onnxruntime/capi/libonnxruntime.so.1.31.1"),
        ("library", "/site-packages/onnxruntime/capi/onnxruntime_pybind11_state.cpython-313-x86_64-linux-gnu.so"),
        ("python", "/usr/bin/python3.13"),
        ("python", "/usr/lib/libpython3.13.so.1.0"),
        ("python", "/usr/lib/x86_64-linux-gnu/libstdc++.so.6.0.33"),
        ("python", "/usr/lib64/ld-linux-x86-64.so.2"),
        ("rest", "/usr/lib/python3.13/lib-dynload/_decimal.cpython-313-x86_64-linux-gnu.so"),
        ("rest", "/site-packages/numpy.libs/libgfortran-040039e1.so.5.0.0"),
        ("rest", "/var/task/models/breast-cancer/model.ort"),
    ],
)
def test_a_file_belongs_to_the_library_to_the_interpreter_or_to_the_rest(owner: str, file: str) -> None:
    assert owner_of(file) == owner


def test_the_bytes_of_all_are_those_of_each() -> None:
    fetched = Fetched(2, {"/usr/lib/libc.so.6": 1_500_000, "/task/start.bundle": 500_000})
    assert [fetched.megabytes(owner) for owner in (None, "library", "python", "rest")] == [2, 0, 1.5, 0.5]
