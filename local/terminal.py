"""What a person reads while a command of this package works, and how it ends."""

from __future__ import annotations

import sys
from collections.abc import Callable

from cli.outcome import CommandError, one_line
from infra.config import ConfigurationError
from serin.errors import SerinError


def say(text: str) -> None:
    """One line on stderr."""
    print("serin:", one_line(text), file=sys.stderr, flush=True)  # noqa: T201


def ended(command: Callable[[], int]) -> int:
    """The exit code of ``command``; 1, after one line, where it refuses."""
    try:
        return command()
    except CommandError as error:
        say(error.message)
    except (ConfigurationError, SerinError) as error:
        say(str(error))
    return 1
