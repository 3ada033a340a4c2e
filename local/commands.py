"""Run a program to its end; its failure is one line."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from local.errors import LocalError


def run(
    command: Sequence[str | Path],
    *,
    what: str,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
    seconds: float = 900.0,
    explain: Callable[[str], str | None] = lambda _output: None,
) -> str:
    """The program's standard output. LocalError says ``what`` failed and the last line written; its note has them all.

    ``environment`` replaces the caller's where it is given. ``explain`` finds a better reason than the last line.
    """
    words = [str(word) for word in command]
    try:
        result = subprocess.run(  # noqa: S603 - every caller passes fixed words and its own paths
            words, capture_output=True, text=True, check=False, timeout=seconds, env=environment, cwd=directory
        )
    except FileNotFoundError as error:
        message = f"{what}: the program {words[0]} is not installed"
        raise LocalError(message) from error
    except subprocess.TimeoutExpired as error:
        message = f"{what}: not finished after {seconds:g} s"
        raise LocalError(message) from error
    if result.returncode:
        output = f"{result.stdout}{result.stderr}"
        reason = explain(output) or _last_line(result.stderr) or _last_line(result.stdout) or "no reason given"
        message = f"{what}: {reason}"
        failure = LocalError(message)
        failure.add_note(output)
        raise failure
    return result.stdout


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
