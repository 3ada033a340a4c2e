"""Programs that fail are one clear line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from local.commands import run
from local.errors import LocalError
from local.venvs import locked_python


def test_the_output_is_returned() -> None:
    assert run([sys.executable, "-c", "print('out')"], what="say") == "out\n"


def test_a_failure_says_what_failed_and_the_programs_last_line() -> None:
    with pytest.raises(LocalError) as caught:
        run([sys.executable, "-c", "import sys; sys.exit('first\\nno such model')"], what="say")
    assert str(caught.value) == "say: no such model"
    assert caught.value.__notes__ == ["first\nno such model\n"], "the rest is for whoever reads a test's report"


def test_a_failure_without_a_word_says_so() -> None:
    with pytest.raises(LocalError, match="say: no reason given"):
        run([sys.executable, "-c", "raise SystemExit(3)"], what="say")


def test_a_missing_program_is_named() -> None:
    with pytest.raises(LocalError, match="the program no-such-program is not installed"):
        run(["no-such-program"], what="say")


def test_a_program_that_takes_too_long_is_stopped() -> None:
    with pytest.raises(LocalError, match=r"say: not finished after 0\.2 s"):
        run([sys.executable, "-c", "import time; time.sleep(30)"], what="say", seconds=0.2)


def test_a_lock_with_a_wrong_hash_leaves_no_environment(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text(f"six==1.17.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(LocalError, match=r"wrong: install requirements\.txt"):
        locked_python("wrong", lock, tmp_path / "cache")
    assert [path.suffix for path in (tmp_path / "cache" / "wrong").iterdir()] == [".lock"]
