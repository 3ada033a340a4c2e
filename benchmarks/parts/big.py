"""Cold start with a big model: the folder as the image build leaves it, against its plain ``.onnx``."""

from __future__ import annotations

from array import array
from dataclasses import replace
from functools import partial
from math import prod
from typing import Final

from benchmarks.big_model import INPUT, NAME, SHAPE, write_big_model
from benchmarks.events import binary_event
from benchmarks.parts.cold import milliseconds
from benchmarks.processes import Event, Subject, first_answer
from benchmarks.rows import Outcome, compare, interleave
from benchmarks.subjects import workshop

name: Final = "big"


def run(quick: bool) -> list[Outcome]:
    """The same handler both times; what differs is the model's folder."""
    image = array("f", (i % 251 / 251 for i in range(prod(SHAPE))))
    event = binary_event(NAME, INPUT, SHAPE, image)
    with workshop() as shop:
        models = shop.place / "big-models"
        write_big_model(models)
        built = shop.serin(models, NAME)
        plain = replace(built, environment={**built.environment, "SERIN_MODELS_DIR": str(models)})
        rounds = 3 if quick else 15
        taken = interleave([partial(_start, s, event) for s in (built, plain)], rounds + 1)[1:]
    walls = [(a[0], b[0]) for a, b in taken]
    peaks = [(a[1], b[1]) for a, b in taken]
    what = "cold, big model (ResNet-18's size)"
    return [
        compare("big-wall", f"{what}: first answer", "plain .onnx", "ms", walls, target=0.5),
        compare("big-memory", f"{what}: peak memory", "plain .onnx", "MB", peaks, target=0.6),
    ]


def _start(subject: Subject, event: Event) -> tuple[float, float]:
    """Milliseconds to the answer, and megabytes at most until then."""
    first = first_answer(subject, event)
    return milliseconds(first), first.memory.peak / 1e6
