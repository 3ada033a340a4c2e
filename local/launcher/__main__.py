"""Start the emulator with every lesson: ``python -m local.launcher`` in the emulator's environment."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Final

from local.launcher import (
    alarms,
    aliases,
    function_resources,
    gateway,
    gateway_traffic,
    images,
    limits,
    logs,
    metrics,
    resources,
)
from local.launcher.patching import Mismatch, check_version

LESSONS: Final = (
    aliases,
    limits,
    logs,
    metrics,
    images,
    resources,
    function_resources,
    gateway,
    gateway_traffic,
    alarms,
)


def teach_all() -> None:
    """Teach every lesson. Raises Mismatch where the installed emulator is not the one they were written for."""
    check_version()
    for lesson in LESSONS:
        lesson.teach()


def main() -> int:
    """The emulator serves until it is stopped; 2 where the installed one does not fit the lessons."""
    try:
        teach_all()
    except Mismatch as error:
        sys.stderr.write(f"{error}\n")
        return 2
    import_module("ministack.app").main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
