"""`python -m serin.admission FOLDER [SIGNER]`: for the build of an image. Exits with 0, or with 1 and a line a finding.

SIGNER, as ``Signer.text``, is the key that must have signed the folder.
"""

from __future__ import annotations

import sys
from pathlib import Path

from serin.admission import verify
from serin.signer import SignerError, signer_of_text


def main(arguments: list[str]) -> int:
    """Admit the one folder in ``arguments``."""
    if len(arguments) not in {1, 2}:
        print("usage: python -m serin.admission FOLDER [SIGNER]", file=sys.stderr)  # noqa: T201
        return 2
    try:
        signer = signer_of_text(arguments[1]) if len(arguments) == 2 else None
    except SignerError as error:
        print(error.message, file=sys.stderr)  # noqa: T201
        return 1
    findings = verify(Path(arguments[0]), signer=signer)
    for finding in findings:
        print(finding, file=sys.stderr)  # noqa: T201
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
