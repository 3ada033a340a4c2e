"""What a lazily loaded image must fetch before the first answer: files opened, and bytes of them.

Files: distinct regular files that ``open`` or ``execve`` opened, by strace; the event, which comes on standard input,
is none. Bytes: what ``read`` and ``pread64`` gave of them, and the pages of file mappings that are resident when the
answer is there, from ``/proc/PID/smaps``; the kernel maps up to 15 neighbours of a page that is touched. (What loads
an image lazily fetches more at a time: Lambda 512 KiB; Brooker et al., "On-demand Container Loading in AWS Lambda",
USENIX ATC 2023.) Whose they are is told by the file's name.
"""

from __future__ import annotations

import re
import shutil
import stat
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.parts.cold import EVENT, milliseconds
from benchmarks.processes import Subject, first_answer
from benchmarks.rows import LeftOut, Outcome, Row, compare, interleave
from benchmarks.subjects import workshop

name: Final = "fetch"
_CALLS: Final = "trace=open,openat,openat2,execve,read,pread64"
_OPENED: Final = re.compile(r'(?:open|openat|openat2)\(.*"(?P<path>/[^"]*|[^"]*)".*\) = \d+<(?P<real>[^>]*)>')
_EXECUTED: Final = re.compile(r'execve\("(?P<path>[^"]+)".*\) = 0$')
_READ: Final = re.compile(r"(?:read|pread64)\(\d+<(?P<path>/[^>]*)>.*\) = (?P<count>\d+)$")
_OWNERS: Final = {
    "library": ("ONNX Runtime's library", re.compile(r"(libonnxruntime|onnxruntime_pybind11_state)[^/]*$")),
    "python": (
        "the interpreter and C libraries",
        re.compile(
            r"/(python3[.\d]*|ld-linux[^/]*|lib(python3|c|m|dl|rt|pthread|stdc\+\+|gcc_s|ffi|util|z)[.\d]*\.so[^/]*)$"
        ),
    ),
    "rest": ("modules, packages, the model", re.compile("")),
}
"""By key: what is said of a file, and the names that it has. The first that fits."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """``files``: how many were opened; ``bytes``: of each file, read or mapped."""

    files: int
    bytes: Mapping[str, int]

    def megabytes(self, owner: str | None = None) -> float:
        """Of all, or of one of ``_OWNERS``."""
        return sum(count for file, count in self.bytes.items() if owner in (None, owner_of(file))) / 1e6


Pair = tuple[Fetched, Fetched]
"""Ours and the reference's of one round."""


def owner_of(file: str) -> str:
    """The key of ``_OWNERS`` that ``file`` belongs to."""
    return next(key for key, (_, named) in _OWNERS.items() if named.search(file))


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
    bare, limit = ([(run[0], run[i]) for run in taken] for i in (1, 2))
    return [
        *_rows("", "bare handler", bare, 0.5),
        *_by_owner("bare handler", bare),
        *_rows("-limit", "ONNX Runtime loaded, no model", limit, None),
    ]


def _rows(key: str, against: str, pairs: Sequence[Pair], target: float | None) -> Iterator[Row]:
    what = "before the first answer"
    files = [(float(ours.files), float(theirs.files)) for ours, theirs in pairs]
    yield compare(f"files{key}", f"files opened {what}", against, "files", files, target=target)
    sizes = [(ours.megabytes(), theirs.megabytes()) for ours, theirs in pairs]
    yield compare(f"bytes{key}", f"bytes read {what}", against, "MB", sizes, target=target)


def _by_owner(against: str, pairs: Sequence[Pair]) -> Iterator[Row]:
    for owner, (words, _) in _OWNERS.items():
        sizes = [(ours.megabytes(owner), theirs.megabytes(owner)) for ours, theirs in pairs]
        yield compare(f"bytes-{owner}", f"of these bytes: {words}", against, "MB", sizes, target=None)


def _fetch(strace: str, subject: Subject) -> Fetched:
    """The trace and the mappings are two runs: a tracer stands between us and the process."""
    mapped = first_answer(subject, EVENT).memory.mapped
    with tempfile.NamedTemporaryFile("r") as trace:
        words = (strace, "--follow-forks", "--decode-fds=path", "--string-limit=4096", "-e", _CALLS)
        milliseconds(first_answer(subject, EVENT, (*words, "--output", trace.name)))
        read = read_trace(trace)
    return Fetched(read.files, Counter(read.bytes) + Counter(mapped))


def read_trace(lines: Iterable[str]) -> Fetched:
    """What strace wrote with ``--decode-fds=path``."""
    paths: set[str] = set()
    read: Counter[str] = Counter()
    for line in lines:
        if found := _READ.search(line):
            read[found["path"]] += int(found["count"])
        paths.update(_opened(line))
    return Fetched(sum(map(_is_file, paths)), {path: count for path, count in read.items() if _is_file(path)})


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
