"""Start the emulator with every lesson: ``python -m local.launcher`` in the emulator's environment."""

from __future__ import annotations

import sys
from importlib import import_module

from local.launcher import alarms, aliases, gateway, images, limits, logs, metrics, resources
from local.launcher.patching import Mismatch, check_version


def teach_all() -> None:
    """Every lesson, in an order that lets each find the emulator's own names. Raises Mismatch."""
    check_version()
    for lesson in (aliases, limits, logs, metrics, images, resources, gateway, alarms):
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
