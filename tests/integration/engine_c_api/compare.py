"""Compares the engine with the binding: ``python -m tests.integration.engine_c_api.compare CASES``.

``CASES``: cases in MessagePack. Standard output is one JSON object: how many cases ended how, what differed,
and a digest of all outputs that were equal.
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from serin.engine import EngineOptions, ModelLoadError, Session
from serin.errors import ModelRejectedInput
from serin.tensor import Tensor
from tests.integration.engine_c_api.binding import CannotRun, Reference
from tests.integration.engine_c_api.cases import Case


class Report(msgspec.Struct):
    """``counts``: by ``equal``, ``refused`` (by both), ``not served``, ``unopened`` and ``unrepeatable``."""

    counts: dict[str, int]
    differences: list[str]
    digest: str


def compare(cases: list[Case]) -> Report:
    counts: Counter[str] = Counter()
    differences, digest = [], hashlib.sha256()
    for case in cases:
        verdict, outputs = _verdict(case)
        counts[verdict] += 1
        if verdict == "different":
            differences.append(case.name)
        elif verdict == "equal":
            digest.update(repr([case.name, [_plain(output) for output in outputs]]).encode())
    return Report(dict(counts), differences, digest.hexdigest())


def _verdict(case: Case) -> tuple[str, list[Tensor]]:
    session = _session(case)
    try:
        reference, another = Reference(case.artifact), Reference(case.artifact)
    except CannotRun:
        return ("unopened" if session is None else "different"), []
    if not reference.is_served():
        return ("not served" if session is None else "different"), []
    if session is None or case.feeds is None:
        return "different", []
    try:
        expected = _runs(lambda: reference.run(case.feeds or []))
    except CannotRun:
        return ("refused" if _refuses(session, case) else "different"), []
    if not _same(expected, _runs(lambda: another.run(case.feeds or []))):
        return "unrepeatable", []  # it draws random numbers
    answers = _runs(lambda: _answer(session, case))
    return ("equal" if _same(expected, answers) else "different"), expected


def _session(case: Case) -> Session | None:
    try:
        return Session.load(case.artifact, EngineOptions())
    except ModelLoadError:
        return None


def _runs(run: Callable[[], list[Tensor]]) -> list[Tensor]:
    """All outputs of three runs, one after another in one session: an operator may have a state of its own."""
    return [output for _ in range(3) for output in run()]


def _answer(session: Session, case: Case) -> list[Tensor]:
    inputs = {feed.name: feed.tensor() for feed in case.feeds or ()}
    names = [output.name for output in session.outputs]
    return list(session.run(inputs, names, time.monotonic() + 60).values())


def _refuses(session: Session, case: Case) -> bool:
    try:
        _answer(session, case)
    except ModelRejectedInput:
        return True
    return False


def _same(a: list[Tensor], b: list[Tensor]) -> bool:
    return [_plain(tensor) for tensor in a] == [_plain(tensor) for tensor in b]


def _plain(tensor: Tensor) -> tuple[Any, ...]:
    data = tensor.data if isinstance(tensor.data, list) else bytes(tensor.data)
    return str(tensor.datatype), tensor.shape, data


if __name__ == "__main__":
    report = compare(msgspec.msgpack.decode(Path(sys.argv[1]).read_bytes(), type=list[Case]))
    sys.stdout.write(msgspec.json.encode(report).decode())
