"""`--tolerance` of the commands that compare a model with another."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from cli.outcome import CommandError, ExitCode
from serin.manifest import Tolerance

_TOLERANCE: Final = re.compile(r"(?P<output>.+)=(?P<absolute>[^=,]+)(,(?P<relative>[^=,]+))?")


def tolerances(texts: Sequence[str]) -> dict[str, Tolerance]:
    """By output, from texts like ``value=0.01`` or ``value=0.01,1e-4``.

    Raises:
        CommandError: one is not written like that.
    """
    found = {}
    for text in texts:
        match = _TOLERANCE.fullmatch(text)
        try:
            if match is None:
                raise ValueError
            numbers = [float(match["absolute"]), float(match["relative"] or 0)]
            if not all(0 <= number < float("inf") for number in numbers):
                raise ValueError
        except ValueError:
            message = "--tolerance: expected OUTPUT=ABSOLUTE or OUTPUT=ABSOLUTE,RELATIVE, like value=0.01,1e-4"
            raise CommandError(ExitCode.USAGE, message) from None
        found[match["output"]] = Tolerance(absolute=numbers[0], relative=numbers[1])
    return found
