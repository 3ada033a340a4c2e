from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.processes import Subject, calls, first_answer, mapped_bytes
from local.errors import LocalError

HANDLER = """\
print("a line of log")
answers = 0
def lambda_handler(event, context):
    global answers
    answers += 1
    event["seen"] = context.get_remaining_time_in_millis()
    return {"statusCode": 200, "body": event["body"], "answers": answers, "seen": "seen" in event}
"""


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    """A handler that needs nothing."""
    (tmp_path / "echo.py").write_text(HANDLER)
    return Subject("echo", Path(sys.executable), tmp_path, "echo.lambda_handler", {"PYTHONUNBUFFERED": "1"})


def test_a_fresh_process_answers_its_first_event(subject: Subject) -> None:
    first = first_answer(subject, {"body": "hello"})
    assert first.answer == {"statusCode": 200, "body": "hello", "answers": 1, "seen": True}
    assert first.log == b"a line of log\n"
    assert first.seconds > 0
    assert first.memory.peak >= first.memory.resident > sum(first.memory.mapped.values()) > 0


def test_a_process_answers_as_often_as_it_is_asked_and_tells_the_times_after_the_warm_up(subject: Subject) -> None:
    done = calls(subject, {"body": "x" * 300_000}, 7, warmup=3)
    assert 7 / 2 < len(done.times) <= 7, "calls that another program interrupted are left out"
    assert done.answer["answers"] == 10
    assert len(done.answer["body"]) == 300_000


def test_a_program_may_be_run_in_another_ones_way(subject: Subject) -> None:
    first = first_answer(subject, {"body": ""}, ("env", "PYTHONUTF8=1"))
    assert first.answer["statusCode"] == 200


def test_python_is_given_its_own_options(subject: Subject) -> None:
    (subject.directory / "echo.py").write_text("import sys\n" + HANDLER.replace('"seen" in event', "sys.flags.no_site"))
    assert first_answer(replace(subject, program=("-S", "start.py")), {"body": ""}).answer["seen"] == 1


def test_what_a_program_does_beforehand_comes_before_the_handler(subject: Subject) -> None:
    (subject.directory / "prepare.py").write_text("import sys\nsys.prepared = True\n")
    (subject.directory / "echo.py").write_text("import sys\n" + HANDLER.replace('"seen" in event', "sys.prepared"))
    assert first_answer(replace(subject, prelude="prepare"), {"body": ""}).answer["seen"] == 1


def test_a_handler_that_fails_is_one_line_with_its_reason(subject: Subject) -> None:
    (subject.directory / "echo.py").write_text("raise ImportError('no such engine')")
    with pytest.raises(LocalError, match=r"^echo: did not answer; it said: ImportError: no such engine$"):
        first_answer(subject, {"body": ""})


def test_nothing_is_left_open_or_running(subject: Subject) -> None:
    before = list(Path("/proc/self/fd").iterdir())
    for _ in range(3):
        first_answer(subject, {"body": ""})
    assert len(list(Path("/proc/self/fd").iterdir())) == len(before)


def test_pages_of_files_are_counted_by_file_and_no_others() -> None:
    smaps = """\
7f00-7f01 r--p 00000000 08:01 1234   /usr/lib/libc.so.6
Size:                 40 kB
Rss:                  16 kB
7f02-7f03 rw-p 00000000 00:00 0
Rss:                  99 kB
7f04-7f05 rw-p 00000000 00:00 0      [heap]
Rss:                  99 kB
7f06-7f07 r-xp 00000000 08:01 1234   /usr/lib/a library.so
Rss:                   4 kB
"""
    assert mapped_bytes(smaps) == {"/usr/lib/libc.so.6": 16 * 1024, "/usr/lib/a library.so": 4 * 1024}
