"""`python -m serin.admission FOLDER`: for the build of an image. Exits with 0, or with 1 and a line a finding."""

from __future__ import annotations

import sys
from pathlib import Path

from serin.admission import verify


def main(arguments: list[str]) -> int:
    """Admit the one folder in ``arguments``."""
    if len(arguments) != 1:
        print("usage: python -m serin.admission FOLDER", file=sys.stderr)  # noqa: T201
        return 2
    findings = verify(Path(arguments[0]))
    for finding in findings:
        print(finding, file=sys.stderr)  # noqa: T201
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
