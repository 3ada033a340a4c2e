from __future__ import annotations

import os
import pty
import subprocess
import sys

SCRIPT = """
from cli.progress import tracked, waiting
with waiting("Waiting for it"):
    total = sum(tracked([1, 2, 3], "Loading models"))
print(total)
"""


def test_a_terminal_sees_progress_on_stderr() -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, stderr=theirs, env={"TERM": "xterm"}, text=True
    ) as process:
        os.close(theirs)
        shown = b""
        while chunk := read(ours):
            shown += chunk
        assert process.stdout is not None
        assert process.stdout.read() == "6\n"
    os.close(ours)
    assert b"Waiting for it" in shown
    assert b"Loading models" in shown


def read(descriptor: int) -> bytes:
    """A chunk of what the terminal shows; nothing when the other side has closed it."""
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b""


def test_a_pipe_sees_none() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("6\n", "")
