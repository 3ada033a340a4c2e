"""The figures as one picture: an SVG file that any browser shows, with nothing loaded from elsewhere."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

_WIDTH: Final = 760
_PANEL: Final = 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 130, 46, 44
_LINE: Final = 14
_COLOURS: Final = ("#0b6e4f", "#c77700", "#b3261e", "#3b5ba5", "#6b4e9b")
_STYLE: Final = "font-family: system-ui, sans-serif; font-size: 12px"


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture: ``lines`` by name, each a value for every x; ``limit`` is a level drawn across, with its name."""

    title: str
    lines: Mapping[str, Sequence[float]]
    limit: tuple[str, float] | None = None


def svg(title: str, x_title: str, x: Sequence[float], panels: Sequence[Panel]) -> str:
    """Panels below one another over the same ``x`` (rising, one or more). Both axes are logarithmic."""
    height = len(panels) * (_PANEL + _TOP + _BOTTOM)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" style="{_STYLE}">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>',
    ]
    across = _scale(x, _LEFT, _WIDTH - _RIGHT)
    for number, panel in enumerate(panels):
        top = number * (_PANEL + _TOP + _BOTTOM) + _TOP
        parts += _panel(panel, x_title, x, across, top)
    return "\n".join([*parts, "</svg>", ""])


Scale = Callable[[float], float]


def _scale(values: Sequence[float], begin: float, end: float) -> Scale:
    """Logarithmic, from the smallest value at ``begin`` to the largest at ``end``; in the middle if all are equal."""
    low, high = math.log(min(values)), math.log(max(values))
    if math.isclose(low, high):
        return lambda _value: (begin + end) / 2
    return lambda value: begin + (math.log(value) - low) / (high - low) * (end - begin)


def _panel(panel: Panel, x_title: str, x: Sequence[float], across: Scale, top: float) -> Iterator[str]:
    levels = [value for values in panel.lines.values() for value in values]
    levels += [panel.limit[1]] if panel.limit else []
    ticks = _ticks(min(levels), max(levels))
    up = _scale([*levels, *ticks], top + _PANEL, top)
    yield _text(_LEFT, top - 18, panel.title, weight="bold")
    yield _text((_LEFT + _WIDTH - _RIGHT) / 2, top + _PANEL + 36, x_title, anchor="middle")
    for tick in ticks:
        yield _line(_LEFT, up(tick), _WIDTH - _RIGHT, up(tick), "#d9d9d9")
        yield _text(_LEFT - 8, up(tick) + 4, f"{tick:g}", anchor="end")
    for value in x:
        yield _text(across(value), top + _PANEL + 18, f"{value:g}", anchor="middle")
    if panel.limit:
        name, level = panel.limit
        yield _line(_LEFT, up(level), _WIDTH - _RIGHT, up(level), "#555555", dashes="5 4")
        yield _text(_WIDTH - _RIGHT + 8, up(level) + 4, name)
    yield from _curves(panel.lines, x, across, up)


def _curves(lines: Mapping[str, Sequence[float]], x: Sequence[float], across: Scale, up: Scale) -> Iterator[str]:
    ends = []
    for (name, values), colour in zip(lines.items(), _COLOURS, strict=False):
        points = [(across(a), up(b)) for a, b in zip(x, values, strict=True)]
        joined = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
        yield f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2"/>'
        yield from (f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3.5" fill="{colour}"/>' for a, b in points)
        ends.append((points[-1][1] + 4, name, colour))
    # Names of curves that end together stand below one another.
    place = -math.inf
    for beside, name, colour in sorted(ends):
        place = max(beside, place + _LINE)
        yield _text(_WIDTH - _RIGHT + 8, place, name, colour=colour)


def _ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 times powers of ten, from at most ``low`` to at least ``high``."""
    steps = [
        factor * 10.0**power
        for power in range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1)
        for factor in (1, 2, 5)
    ]
    first = max(step for step in steps if step <= low * (1 + 1e-9))
    last = min((step for step in steps if step >= high * (1 - 1e-9)), default=steps[-1])
    return [step for step in steps if first <= step <= last]


def _text(x: float, y: float, text: str, *, anchor: str = "start", weight: str = "normal", colour: str = "#222") -> str:
    style = f'text-anchor="{anchor}" font-weight="{weight}" fill="{colour}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(text)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, *, dashes: str = "none") -> str:
    place = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {place} stroke="{colour}" stroke-dasharray="{dashes}"/>'
