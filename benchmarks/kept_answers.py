"""A handler that asks one model the same question again and again: what does an answer that is kept cost?

It stands beside the modules of an image. Twice the same way through ``Model.infer``: with a cache that knows the
answer, and with neither a cache nor a run. The difference is the lookup: building the question, finding it, its lock
and clock.
"""

from __future__ import annotations

import os
from statistics import median
from time import perf_counter_ns
from typing import Any, cast

import msgspec

from serin.compiled import COMPILED_FILE, CompiledModel, find_compiled, open_compiled, read_compiled
from serin.engine import EngineOptions, Session
from serin.service import Model
from serin.tensor import Tensor

COUNT = 5000


class _Answered:
    """Has answered already: gives the same at once."""

    def __init__(self, answer: dict[str, Tensor], *, divides: bool) -> None:
        self.divides = divides
        self._answer = answer

    def run(self, *_question: object) -> dict[str, Tensor]:
        return self._answer


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """``event``: JSON of one row as ``instances``. The answer's ``nanoseconds``: a lookup's, the median."""
    [folder] = find_compiled(os.environ["SERIN_MODELS_DIR"])
    compiled = read_compiled(f"{folder}/{COMPILED_FILE}")
    model = open_compiled(folder, compiled, EngineOptions(threads=1))
    body = event["body"].encode()
    outputs = [tensor.name for tensor in model.outputs]
    answer = model.infer(model.rows.decode(body), outputs, float("inf")).outputs
    plain = _without_cache(compiled, answer)
    differences = [_time(model, body, outputs) - _time(plain, body, outputs) for _ in range(COUNT)]
    if not model.infer(model.rows.decode(body), outputs, float("inf")).cached:
        raise RuntimeError("the answer was not kept")
    return {"statusCode": 200, "nanoseconds": median(differences)}


def _without_cache(compiled: CompiledModel, answer: dict[str, Tensor]) -> Model:
    serving = msgspec.structs.replace(compiled.manifest.serving, answer_cache=None)
    manifest = msgspec.structs.replace(compiled.manifest, serving=serving)
    return Model(manifest, compiled.baseline, cast("Session", _Answered(answer, divides=compiled.divides)))


def _time(model: Model, body: bytes, outputs: list[str]) -> int:
    inputs = model.rows.decode(body)  # anew, as each request: bytes know their hash from the second time on
    begun = perf_counter_ns()
    model.infer(inputs, outputs, float("inf"))
    return perf_counter_ns() - begun
