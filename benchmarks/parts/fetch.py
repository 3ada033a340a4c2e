"""What a lazily loaded image must fetch before the first answer: files opened, and bytes of them.

Files: distinct regular files that ``open`` or ``execve`` opened, by strace; the event, which comes on standard input,
is none. Bytes: what ``read`` and ``pread64`` gave of them, and the pages of file mappings that are resident when the
answer is there, from ``/proc/PID/smaps``; the kernel maps up to 15 neighbours of a page that is touched.
"""

from __future__ import annotations

import re
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.parts.cold import EVENT, milliseconds
from benchmarks.processes import Subject, first_answer
from benchmarks.rows import LeftOut, Outcome, compare, interleave
from benchmarks.subjects import workshop

name: Final = "fetch"
_CALLS: Final = "trace=open,openat,openat2,execve,read,pread64"
_OPENED: Final = re.compile(r'(?:open|openat|openat2)\(.*"(?P<path>/[^"]*|[^"]*)".*\) = \d+<(?P<real>[^>]*)>')
_EXECUTED: Final = re.compile(r'execve\("(?P<path>[^"]+)".*\) = 0$')
_READ: Final = re.compile(r"(?:read|pread64)\(\d+<(?P<path>/[^>]*)>.*\) = (?P<count>\d+)$")


@dataclass(frozen=True, slots=True)
class Fetched:
    """``files``: how many were opened; ``read``: bytes that were read from them."""

    files: int
    read: int


def run(quick: bool) -> list[Outcome]:
    """Counts hardly vary: a few runs say it."""
    strace = shutil.which("strace")
    if strace is None:
        why = "strace is not installed (Debian: apt install strace)"
        return [LeftOut("files", why), LeftOut("bytes", why)]
    with workshop() as shop:
        subjects = (shop.serin(), shop.reference("bare"), shop.reference("bare", "limit.lambda_handler"))
        for subject in subjects:
            milliseconds(first_answer(subject, EVENT))
        taken = interleave([partial(_fetch, strace, s) for s in subjects], 2 if quick else 5)
    rows: list[Outcome] = []
    for key, i, against, target in (("", 1, "bare handler", 0.5), ("-limit", 2, "ONNX Runtime loaded, no model", None)):
        files = [(float(run[0][0]), float(run[i][0])) for run in taken]
        sizes = [(run[0][1] / 1e6, run[i][1] / 1e6) for run in taken]
        what = "before the first answer"
        rows.append(compare(f"files{key}", f"files opened {what}", against, "files", files, target=target))
        rows.append(compare(f"bytes{key}", f"bytes read {what}", against, "MB", sizes, target=target))
    return rows


def _fetch(strace: str, subject: Subject) -> tuple[int, int]:
    """Files and bytes. The trace and the mappings are two runs: a tracer stands between us and the process."""
    mapped = first_answer(subject, EVENT).memory.mapped
    with tempfile.NamedTemporaryFile("r") as trace:
        words = (strace, "--follow-forks", "--decode-fds=path", "--string-limit=4096", "-e", _CALLS)
        milliseconds(first_answer(subject, EVENT, (*words, "--output", trace.name)))
        fetched = read_trace(trace)
    return fetched.files, fetched.read + mapped


def read_trace(lines: Iterable[str]) -> Fetched:
    """What strace wrote with ``--decode-fds=path``."""
    paths: set[str] = set()
    read = 0
    for line in lines:
        if found := _READ.search(line):
            read += int(found["count"]) if _is_file(found["path"]) else 0
        paths.update(_opened(line))
    return Fetched(sum(map(_is_file, paths)), read)


def _opened(line: str) -> Iterator[str]:
    if found := _OPENED.search(line):
        yield found["real"]
    elif found := _EXECUTED.search(line):
        yield str(Path(found["path"]).resolve())


def _is_file(path: str) -> bool:
    """Whether it is a regular file of a disk; one that is gone, as a temporary one, is none."""
    try:
        return stat.S_ISREG(Path(path).stat().st_mode) and not path.startswith(("/proc/", "/sys/"))
    except OSError:
        return False
