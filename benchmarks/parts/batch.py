"""A request of 10,000 rows, binary and JSON, against ``session.run`` on the same rows."""

from __future__ import annotations

import re
import shutil
from array import array
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.events import INPUT, MODEL, binary_event, json_event
from benchmarks.processes import Subject, calls
from benchmarks.rows import Outcome, compare, interleave
from benchmarks.subjects import MODELS, varied_rows, workshop
from local.errors import LocalError

name: Final = "batch"
ROWS: Final = 10_000


def run(quick: bool) -> list[Outcome]:
    """Whole events through the handler: base64 and the answer's encoding are part of it."""
    values, shape = varied_rows(ROWS), (ROWS, 30)
    binary = binary_event(MODEL, INPUT, shape, array("f", values))
    text = json_event(MODEL, INPUT, shape, values)
    with workshop() as shop:
        serin, session = shop.serin(many_rows(shop.place)), shop.session_run(ROWS)
        count, rounds = (5, 3) if quick else (15, 7)
        subjects = [
            lambda: _rate(serin, binary, count),
            lambda: _rate(serin, text, count),
            lambda: _rate(session, {}, count),
        ]
        taken = interleave(subjects, rounds)
    rows: list[Outcome] = []
    for key, i, target in (("binary", 0, 0.9), ("json", 1, 0.5)):
        pairs = [(three[i], three[2]) for three in taken]
        what = f"10,000-row request, {key} tensor, whole handler"
        rows.append(compare(f"batch-{key}", what, "session.run", "rows/s", pairs, target=target, better="higher"))
    return rows


def many_rows(place: Path) -> Path:
    """A models folder with the model, its limit raised to these rows."""
    models = place / "models-of-many-rows"
    shutil.copytree(MODELS / MODEL, models / MODEL)
    manifest = models / MODEL / "model.yaml"
    raised = f"serving:\n  max_batch_rows: {ROWS}"
    manifest.write_text(re.sub(r"^serving:$", raised, manifest.read_text(), flags=re.MULTILINE))
    return models


def _rate(subject: Subject, event: Mapping[str, Any], count: int) -> float:
    """Rows a second, by the median call."""
    done = calls(subject, event, count, 2)
    if done.answer is not None and done.answer["statusCode"] != 200:
        message = f"{ROWS} rows: status {done.answer['statusCode']}: {done.answer['body'][:200]}"
        raise LocalError(message)
    return ROWS / (median(done.times) / 1e9)
