"""The first opening of a converted model: in a process of its own, for what it says of its inputs and outputs."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from serin.admission import seconds_for
from serin.admission.apart import Limits, limit_process, run_apart
from serin.errors import ModelFolderError, SerinError
from serin.lock import Signature

_MEMORY: int = 4 * 2**30
"""Bytes; what the function has is checked when the folder is admitted."""
_LONGEST: int = 2**20


class Report(msgspec.Struct, frozen=True):
    """The signature, or why there is none."""

    signature: Signature | None = None
    problem: str = ""


def open_first(file: Path) -> Signature:
    """Inputs and outputs of the model in ``file``.

    Raises:
        ModelFolderError: ONNX Runtime cannot open it, dies of it, or does not come to an end.
    """
    limits = Limits(seconds=seconds_for(file.stat().st_size), memory=_MEMORY)
    ending = run_apart("cli.packaging.first_opening", [str(file)], limits, longest=_LONGEST)
    if ending.is_late:
        raise ModelFolderError(str(file), None, f"is not opened in {limits.seconds:g} s")
    try:
        report = msgspec.json.decode(ending.said, type=Report)
    except msgspec.DecodeError:
        end = ending.death or f"exit code {ending.code}"
        raise ModelFolderError(str(file), None, f"opening it ended the process with {end}") from None
    if report.signature is None:
        raise ModelFolderError(str(file), None, report.problem)
    return report.signature


def main(memory: str, seconds: str, file: str) -> None:
    """That process."""
    limit_process(memory, seconds)
    from serin.engine import EngineOptions, Session

    try:
        session = Session.load(Path(file).read_bytes(), EngineOptions())
        report = Report(signature=Signature(inputs=session.inputs, outputs=session.outputs))
    except SerinError as error:
        report = Report(problem=error.message)
    sys.stdout.buffer.write(msgspec.json.encode(report))


if __name__ == "__main__":
    main(*sys.argv[1:])
