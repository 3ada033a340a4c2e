"""The results drawn: each row's ratio with its quartiles and what is promised of it, on a logarithmic axis."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from benchmarks.results import FOLDER, Results, figure
from benchmarks.rows import Better, Row

FILE: Final = FOLDER / "latest.svg"
_PANELS: Final[tuple[tuple[Better, str], ...]] = (("lower", "less is better"), ("higher", "more is better"))
_TICKS: Final = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)
_COLORS: Final = {True: "#2a7f3f", False: "#c0392b", None: "#5b6770"}
_PROMISED: Final = "#dcefe0"
_INCHES_A_ROW: Final = 0.36


def draw(results: Results, file: Path = FILE) -> None:
    """Write an SVG; the same results give the same bytes."""
    panels = [(label, rows) for better, label in _PANELS if (rows := [r for r in results.rows if r.better == better])]
    heights = [len(rows) for _, rows in panels]
    canvas = Figure(figsize=(10.5, _INCHES_A_ROW * sum(heights) + 0.7 * len(panels) + 0.7), layout="constrained")
    canvas.suptitle("Serin's figure divided by the other's", x=0.02, ha="left", fontsize=12, fontweight="bold")
    limits = _limits(results.rows)
    columns = canvas.subplots(len(panels), 1, height_ratios=heights, squeeze=False)[:, 0]
    for (label, rows), axes in zip(panels, columns, strict=True):
        axes.set_title(
            f"{label}; dot: median, bar: quartiles, shaded: what is promised", loc="left", fontsize=9, color="#5b6770"
        )
        _panel(axes, rows, limits)
    with mpl.rc_context({"svg.hashsalt": "serin", "svg.fonttype": "none"}):
        canvas.savefig(file, metadata={"Date": None})


def _limits(rows: Sequence[Row]) -> tuple[float, float]:
    """Of the axis: all that is drawn, and some room."""
    drawn = [value for row in rows for value in (row.ratio.low, row.ratio.high, row.target) if value]
    return min(drawn) / 1.4, max(drawn) * 1.4


def _panel(axes: Axes, rows: Sequence[Row], limits: tuple[float, float]) -> None:
    axes.set_xscale("log")
    axes.set_xlim(limits)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.axvline(1, color="#5b6770", linewidth=0.8, zorder=1)
    for place, row in enumerate(rows):
        _row(axes, place, row, limits)
    axes.set_yticks(range(len(rows)), [f"{row.what}\nagainst {_short(row.against)}" for row in rows], fontsize=7)
    ticks = [tick for tick in _TICKS if limits[0] <= tick <= limits[1]]
    axes.set_xticks(ticks)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} x"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.tick_params(length=0, labelsize=7)
    axes.grid(axis="x", color="#e3e6e8", linewidth=0.6, zorder=0)
    axes.spines[:].set_visible(False)


def _row(axes: Axes, place: int, row: Row, limits: tuple[float, float]) -> None:
    color = _COLORS[row.reached]
    if row.target is not None:
        promised = (limits[0], row.target) if row.better == "lower" else (row.target, limits[1])
        axes.barh(place, promised[1] - promised[0], 0.7, promised[0], color=_PROMISED, zorder=0.5)
    axes.plot([row.ratio.low, row.ratio.high], [place, place], color=color, linewidth=4, alpha=0.35, zorder=2)
    axes.plot(row.ratio.median, place, "o", color=color, markersize=5, zorder=3)
    text, ends = f"{figure(row.ratio.median)} x", axes.get_yaxis_transform()
    axes.text(1.01, place, text, color=color, fontsize=8, va="center", transform=ends)


def _short(against: str) -> str:
    return against.split(" of ")[0]
