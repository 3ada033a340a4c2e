"""From the start of a process to its first answer: the tabular model, with validation, log line and metrics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from benchmarks.events import golden_instances, predict_event
from benchmarks.processes import FirstAnswer, Subject, first_answer
from benchmarks.rows import LeftOut, Outcome, compare, interleave
from benchmarks.subjects import MODELS, workshop
from local.cpu_share import Share, Way, way_to_limit
from local.errors import LocalError

name: Final = "cold"
SHARES: Final = (("quarter", 0.25), ("half", 0.5))
MEMORY_MB: Final = 1024
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
        way = way_to_limit(podman=False)  # whose own start would be measured
        for key, cpus in SHARES:
            rows.append(_limited(f"cold-{key}", way, cpus, (serin, bare), 3 if quick else 11))
        return rows


def milliseconds(first: FirstAnswer) -> float:
    """Of a process that answered well."""
    if first.answer["statusCode"] != 200:
        message = f"first answer: status {first.answer['statusCode']}, not 200"
        raise LocalError(message)
    return first.seconds * 1000


def _start(subject: Subject, before: Sequence[str] = ()) -> Callable[[], float]:
    return lambda: milliseconds(first_answer(subject, EVENT, before))


def _limited(key: str, way: Way | None, cpus: float, subjects: Sequence[Subject], rounds: int) -> Outcome:
    if way is None:
        return LeftOut(key, "a share of a processor: control groups cannot be written here; try as root")

    def start(subject: Subject) -> Callable[[], float]:
        def started() -> float:
            with way.limit(Share(cpus, MEMORY_MB)) as limited:
                return _start(subject, limited.before_function)()

        return started

    taken = interleave([start(subject) for subject in subjects], rounds)
    what = f"cold, tabular, at {cpus:g} vCPU"
    return compare(key, what, "bare handler", "ms", [(a, b) for a, b in taken], target=0.6)
