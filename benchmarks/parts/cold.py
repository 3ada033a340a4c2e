"""From the start of a process to its first answer: the tabular model, with validation, log line and metrics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from benchmarks.events import golden_instances, predict_event
from benchmarks.processes import FirstAnswer, Subject, first_answer
from benchmarks.quota import limited
from benchmarks.rows import LeftOut, Outcome, compare, interleave
from benchmarks.subjects import MODELS, workshop
from local.errors import LocalError

name: Final = "cold"
SHARES: Final = (("quarter", 0.25), ("half", 0.5))
EVENT: Final = predict_event(golden_instances(MODELS)[:1])


def run(quick: bool) -> list[Outcome]:
    """A whole processor against both references and the limit, then shares of one against the bare handler."""
    with workshop() as shop:
        serin, bare, usual = shop.serin(), shop.reference("bare"), shop.reference("usual")
        limit = shop.reference("bare", "limit.lambda_handler")
        rounds = 5 if quick else 21
        taken = interleave([_start(subject) for subject in (serin, bare, usual, limit)], rounds + 1)[1:]
        what = "cold, tabular: process start to first answer"
        rows: list[Outcome] = [
            compare("cold-bare", what, "bare handler", "ms", [(a, b) for a, b, *_ in taken], target=0.6),
            compare("cold-usual", what, "usual stack", "ms", [(a, c) for a, _, c, _ in taken], target=0.2),
            compare(
                "cold-limit", what, "ONNX Runtime loaded, no model", "ms", [(a, d) for a, *_, d in taken], target=None
            ),
        ]
        for key, cpus in SHARES:
            rows.append(_limited(f"cold-{key}", cpus, (serin, bare), 3 if quick else 11))
        return rows


def milliseconds(first: FirstAnswer) -> float:
    """Of a process that answered well."""
    if first.answer["statusCode"] != 200:
        message = f"first answer: status {first.answer['statusCode']}, not 200"
        raise LocalError(message)
    return first.seconds * 1000


def _start(subject: Subject, before: Sequence[str] = ()) -> Callable[[], float]:
    return lambda: milliseconds(first_answer(subject, EVENT, before))


def _limited(key: str, cpus: float, subjects: Sequence[Subject], rounds: int) -> Outcome:
    def start(subject: Subject) -> Callable[[], float]:
        def started() -> float:
            with limited(cpus) as before:
                return _start(subject, before)()

        return started

    try:
        taken = interleave([start(subject) for subject in subjects], rounds)
    except LocalError as error:
        return LeftOut(key, error.message)
    pairs = [(a, b) for a, b in taken]
    return compare(key, f"the same at {cpus:g} vCPU", "bare handler", "ms", pairs, target=0.6)
