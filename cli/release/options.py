"""What the options of `serin release simulate` may say, read from their texts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from cli.outcome import CommandError, ExitCode
from cli.release.traffic import Behaviour, Traffic

MOST_A_MINUTE: Final = 6_000_000.0
MOST_SHIFT: Final = 0.9

_RATE: Final = re.compile(r"([0-9]{1,7}(?:\.[0-9]{1,6})?)/(s|m|h)", re.ASCII)
_A_MINUTE: Final = {"s": 60.0, "m": 1.0, "h": 1 / 60}
_SHARE: Final = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,9})?)( ?%)?", re.ASCII)
_STEP: Final = re.compile(r"[0-9]{1,3}", re.ASCII)


def requests_a_minute(text: str) -> float:
    """The rate of ``10/h``, ``30/m`` or ``1000/s``, in requests a minute.

    Raises:
        CommandError: not written like that, zero, or more than 100,000 a second.
    """
    found = _RATE.fullmatch(text.strip())
    rate = float(found[1]) * _A_MINUTE[found[2]] if found else 0.0
    if not 0 < rate <= MOST_A_MINUTE:
        raise CommandError(ExitCode.USAGE, "--traffic: expected something like 10/h, 30/m or 1000/s, up to 100000/s")
    return rate


def share(option: str, text: str, most: float = 1.0) -> float:
    """The share, 0 to ``most``, of ``0.1%`` or ``0.001``.

    Raises:
        CommandError: not written like that, or more than ``most``.
    """
    found = _SHARE.fullmatch(text.strip())
    value = float(found[1]) / (100 if found[2] else 1) if found else -1.0
    if not 0 <= value <= most:
        raise CommandError(ExitCode.USAGE, f"{option}: expected a share up to {most:g}, like 0.1% or 0.001")
    return value


def steps(text: str) -> tuple[int, ...]:
    """Percent of the traffic at each step.

    Raises:
        CommandError: no list of whole numbers from 1 to 100 that rise, or more than 20.
    """
    words = [word.strip() for word in text.split(",")]
    found = tuple(int(word) for word in words) if all(map(_STEP.fullmatch, words)) else ()
    rising = all(a < b for a, b in pairwise(found))
    if not (1 <= len(found) <= 20 and rising and found[0] >= 1 and found[-1] <= 100):
        raise CommandError(ExitCode.USAGE, "--steps: expected rising percents with commas between, like 5,25,50")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviours:
    """What the versions do, as texts; ``latency_factor`` is a number already."""

    traffic: str | None
    error_rate: str
    new_error_rate: str | None
    latency_factor: float
    slow_share: str
    shift: str


def compared(texts: Behaviours, *, all_scenarios: bool) -> Traffic | None:
    """The two versions and their traffic; None for all scenarios, which name no traffic.

    Raises:
        CommandError: both or neither of a traffic and all scenarios, or a text that cannot be read.
    """
    if all_scenarios == (texts.traffic is not None):
        raise CommandError(ExitCode.USAGE, "give --traffic, like 10/h, or --all-scenarios: one of them")
    if texts.traffic is None:
        return None
    stable = share("--error-rate", texts.error_rate)
    new = stable if texts.new_error_rate is None else share("--new-error-rate", texts.new_error_rate)
    slow = share("--slow-share", texts.slow_share)
    shift = share("--shift", texts.shift, MOST_SHIFT)
    return Traffic(
        rate=requests_a_minute(texts.traffic),
        new=Behaviour(error_rate=new, latency_factor=texts.latency_factor, slow_share=slow, shift=shift),
        stable=Behaviour(error_rate=stable),
    )
