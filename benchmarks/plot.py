"""The results drawn: each row's ratio with its quartiles beside its target, on a logarithmic axis."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.results import FOLDER, Results, figure

FILE: Final = FOLDER / "latest.svg"


def draw(results: Results, file: Path = FILE) -> None:
    """Write an SVG; the same results give the same bytes."""
    rows = list(reversed(results.rows))
    canvas = Figure(figsize=(9.0, 0.42 * len(rows) + 1.6), layout="constrained")
    axes = canvas.subplots()
    for place, row in enumerate(rows):
        color = "tab:red" if row.reached is False else "tab:green"
        axes.plot([row.ratio.low, row.ratio.high], [place, place], color=color, linewidth=5, alpha=0.4)
        axes.plot(row.ratio.median, place, "o", color=color)
        axes.annotate(figure(row.ratio.median), (row.ratio.median, place), (0, 6), textcoords="offset points")
        if row.target is not None:
            axes.plot(row.target, place, "<" if row.better == "lower" else ">", color="black")
    axes.axvline(1, color="grey", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_yticks(range(len(rows)), [f"{row.what}, against {_short(row.against)}" for row in rows], fontsize=8)
    axes.set_xlabel("Serin's figure divided by the other's, median and quartiles; the triangle is the target's side")
    with mpl.rc_context({"svg.hashsalt": "serin", "svg.fonttype": "none"}):
        canvas.savefig(file, metadata={"Date": None})


def _short(against: str) -> str:
    return against.split(" of ")[0]
