"""An answer that is kept and given again: what finding it costs, everything else of a request left out."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.events import MODEL
from benchmarks.parts.cold import EVENT
from benchmarks.processes import Subject, calls, first_answer
from benchmarks.rows import Outcome, compare, interleave
from benchmarks.subjects import MODELS, workshop

name: Final = "answers"
HANDLER: Final = Path(__file__).parents[1] / "kept_answers.py"
MICROSECONDS: Final = 10.0
"""The most that is promised."""


def run(quick: bool) -> list[Outcome]:
    """The lookup beside the run that it spares, each in processes of its own."""
    with workshop() as shop:
        serin, session = shop.serin(keeping_models(shop.place), MODEL), shop.session_run(1)
        shutil.copy(HANDLER, serin.directory)
        serin = replace(serin, handler=f"{HANDLER.stem}.lambda_handler")
        takers = [lambda: _lookup(serin), lambda: median(calls(session, EVENT, 2000, 400).times) / 1000]
        pairs = [(ours, theirs) for ours, theirs in interleave(takers, 3 if quick else 11)]
    what = "answer given again: finding it"
    return [compare("answers", what, "session.run", "us", pairs, target=None, most=MICROSECONDS)]


def keeping_models(place: Path) -> Path:
    """A models folder with the model, its answers kept."""
    models = place / "models-with-answers"
    shutil.copytree(MODELS / MODEL, models / MODEL)
    manifest = models / MODEL / "model.yaml"
    keeping = "serving:\n  answer_cache: {size: 1000, seconds: 3600}"
    manifest.write_text(re.sub(r"^serving:$", keeping, manifest.read_text(), flags=re.MULTILINE))
    return models


def _lookup(subject: Subject) -> float:
    """Microseconds."""
    return float(first_answer(subject, EVENT).answer["nanoseconds"]) / 1000
