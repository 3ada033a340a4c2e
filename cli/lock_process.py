"""The process that computes a lock: `python -m cli.lock_process MEMORY SECONDS FOLDER`. Prints one ``Answer``."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from serin.admission.apart import limit_process


def main(memory: str, seconds: str, folder: str) -> None:
    """Compute the lock of ``folder`` within ``memory`` bytes and ``seconds``."""
    limit_process(memory, seconds)
    from cli.lock import Answer, compute_lock  # brings the engine
    from serin.errors import ModelFolderError

    try:
        answer = Answer(lock=compute_lock(Path(folder)))
    except ModelFolderError as error:
        answer = Answer(file=error.file, field=error.field, problem=error.problem)
    sys.stdout.buffer.write(msgspec.json.encode(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
