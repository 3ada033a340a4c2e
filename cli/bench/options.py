"""What the options of `serin bench` may say, read from their texts."""

from __future__ import annotations

import re
from typing import Final

from cli.outcome import CommandError, ExitCode

SMALLEST_MB: Final = 128
LARGEST_MB: Final = 10_240
MOST_SIZES: Final = 20
MOST_A_SECOND: Final = 100.0

_SIZE: Final = re.compile(r"[0-9]{1,6}", re.ASCII)
_RATE: Final = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)/(s|m|h)", re.ASCII)
_SECONDS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0}


def memory_sizes(text: str) -> list[int]:
    """Memory sizes in MB, rising, each once.

    Raises:
        CommandError: no list of whole numbers, a size that Lambda does not sell, or too many.
    """
    words = [word.strip() for word in text.split(",")]
    if not all(_SIZE.fullmatch(word) for word in words):
        raise CommandError(ExitCode.USAGE, "--memory: expected sizes in MB with commas between, like 256,512,1024")
    sizes = sorted({int(word) for word in words})
    for size in sizes:
        if not SMALLEST_MB <= size <= LARGEST_MB:
            message = f"--memory: {size} MB is no size of Lambda's; it sells {SMALLEST_MB} to {LARGEST_MB}"
            raise CommandError(ExitCode.USAGE, message)
    if len(sizes) > MOST_SIZES:
        raise CommandError(ExitCode.USAGE, f"--memory: {len(sizes)} sizes; at most {MOST_SIZES} at a time")
    return sizes


def requests_a_second(text: str) -> float:
    """The rate of ``10/s``, ``30/m`` or ``600/h``, in requests a second.

    Raises:
        CommandError: not written like that, zero, or more than this command sends.
    """
    found = _RATE.fullmatch(text.strip())
    rate = float(found[1]) / _SECONDS[found[2]] if found else 0.0
    if not rate:
        raise CommandError(ExitCode.USAGE, "--rate: expected something like 10/s, 30/m or 600/h")
    if rate > MOST_A_SECOND:
        message = (
            f"--rate: {text.strip()} is more than {MOST_A_SECOND:g}/s, the most that is sent; see docs/cold-starts.md"
        )
        raise CommandError(ExitCode.USAGE, f"{message} for longer loads")
    return rate
