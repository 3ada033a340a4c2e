"""`serin package` of 100,000 rows with 100 features, beside reading the rows and answering them once with the model."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.rows import Outcome, compare, interleave
from local.errors import LocalError

name: Final = "packaging"
FULL: Final = (100_000, 100)
QUICK: Final = (10_000, 20)
_SECONDS: Final = 300
_MOST_SECONDS: Final = 60.0
_MOST_MB: Final = 2000.0

_TRAIN: Final = """
import sys, joblib, numpy, pandas
from sklearn.ensemble import HistGradientBoostingClassifier
rows, width = map(int, sys.argv[1:])
draw = numpy.random.default_rng(0)
table = pandas.DataFrame(draw.normal(size=(rows, width)), columns=[f"x{i}" for i in range(width)])
y = numpy.where(table["x0"] + table["x1"] * table["x2"] + draw.normal(size=rows) > 0, "yes", "no")
joblib.dump(HistGradientBoostingClassifier(random_state=0).fit(table, y), "model.joblib")
table.assign(y=y).to_csv("train.csv", index=False)
"""
_ANSWER: Final = """
import joblib, pandas
table = pandas.read_csv("train.csv")
joblib.load("model.joblib").predict_proba(table.drop(columns="y"))
"""
_PACKAGE: Final = "from cli.main import main; main()"
_ORDER: Final = ("package", "model.joblib", "--name", "big", "--data", "train.csv", "--target", "y", "--trust")


def run(quick: bool) -> list[Outcome]:
    """Wall time and largest memory, each command a process of its own."""
    rows, width = QUICK if quick else FULL
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        _python(place, _TRAIN, (str(rows), str(width)))
        takers = [partial(_python, place, _PACKAGE, _ORDER), partial(_python, place, _ANSWER, ())]
        pairs = list(interleave(takers, 1 if quick else 3))
    what, against = f"package {rows:,} rows of {width} features", "read them and answer them once"
    seconds = [(ours[0], theirs[0]) for ours, theirs in pairs]
    memory = [(ours[1], theirs[1]) for ours, theirs in pairs]
    return [
        compare("packaging", what, against, "s", seconds, target=None, most=_MOST_SECONDS),
        compare("packaging-memory", f"{what}, peak memory", against, "MB", memory, target=None, most=_MOST_MB),
    ]


def _python(place: Path, code: str, arguments: Sequence[str]) -> tuple[float, float]:
    """Seconds and largest resident MB of one run of Python."""
    begun = time.monotonic()
    process = subprocess.Popen(  # noqa: S603 - this interpreter, and the code above
        [sys.executable, "-c", code, *arguments],
        cwd=place,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    said = process.stderr.read() if process.stderr else ""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise LocalError(f"packaging: {(said.strip().splitlines() or ['no reason given'])[-1]}")
    return time.monotonic() - begun, usage.ru_maxrss * 1024 / 1e6
