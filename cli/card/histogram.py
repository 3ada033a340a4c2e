"""Distributions as small pictures: SVG for a page, which styles the classes, and block characters for a terminal.

Numbers are drawn as a histogram with bins of different widths: the height of a bar is its share of the rows by its
width, so that areas compare (D. Freedman, R. Pisani, R. Purves, *Statistics*, chapter 3).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from cli.card.sections import Drawing
from cli.outcome import one_line
from serin.baseline import CategoryBins, NumericBins

_WIDTH: Final = 260
_HEIGHT: Final = 64
_LINE: Final = 15
_LABEL: Final = 96
_FIGURE: Final = 52
_LEAST: Final = 1.5
"""Height of a bar that holds anything at all."""
_THINNEST: Final = 2.0
_OUTSTANDING: Final = 5
"""A bar so many times as tall as the next is cut."""
_OVER: Final = 1.6
"""How far a bar that is cut stands over the next."""
_LONGEST: Final = 15
MOST_CATEGORIES: Final = 10
_BLOCKS: Final = "▁▂▃▄▅▆▇█"


def svg(drawing: Drawing) -> str:
    """One picture with a text that says the same. Fits any width; loads nothing, and has no style of its own."""
    bins = drawing.bins
    if isinstance(bins, NumericBins):
        height, parts = _numeric(bins, drawing.bounds)
    else:
        height, parts = _categories(bins)
    head = f'<svg class="drawing" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(described(drawing))}">'
    return "".join([head, *parts, "</svg>"])


def described(drawing: Drawing) -> str:
    """The distribution in a sentence."""
    bins = drawing.bins
    total = _total(bins)
    if not total:
        return f"{drawing.name}: no rows"
    if isinstance(bins, NumericBins):
        below, above = _share(bins.counts[0], total), _share(bins.counts[-1], total)
        said = f"{below} below {bins.edges[0]:g}, half below {median(bins):g} or so, {above} from {bins.edges[-1]:g} on"
    else:
        said = ", ".join(f"{name}: {_share(count, total)}" for name, count in _largest(bins))
    missing = f"{_share(bins.missing, total)} missing" if bins.missing else "none missing"
    return f"{drawing.name}, {total:,} rows: {said}; {missing}"


def line(drawing: Drawing) -> str:
    """The distribution in some characters: a block a bin, or the largest categories with their shares."""
    bins = drawing.bins
    total = _total(bins)
    if not total:
        return ""
    if isinstance(bins, NumericBins):
        heights = [height for _, _, height in _bars(bins, drawing.bounds)]
        most = _tallest(heights)
        blocks = "".join(_BLOCKS[math.ceil(min(height / most, 1) * 8) - 1] if height else " " for height in heights)
        said = f"{bins.edges[0]:g} {blocks} {bins.edges[-1]:g}"
    else:
        said = ", ".join(f"{name}: {_share(count, total)}" for name, count in _largest(bins))
    return f"{said}, {_share(bins.missing, total)} missing" if bins.missing else said


def median(bins: NumericBins) -> float:
    """The middle of the known values, worked out as if each bin were filled evenly; at an open end its edge."""
    half = sum(bins.counts) / 2
    seen = 0
    for i, count in enumerate(bins.counts):
        if seen + count >= half and count:
            low, high = bins.edges[max(i - 1, 0)], bins.edges[min(i, len(bins.edges) - 1)]
            return low + (high - low) * (half - seen) / count
        seen += count
    return bins.edges[0]


# --- Numbers --------------------------------------------------------------------------------------------------


def _bars(bins: NumericBins, bounds: tuple[float | None, float | None]) -> list[tuple[float, float, float]]:
    """Where each bin begins and ends on the axis, and its density; the height of the picture is nobody's unit."""
    first, last = bins.edges[0], bins.edges[-1]
    below = above = max(1.0, abs(first))
    if len(bins.edges) > 1:
        below, above = bins.edges[1] - first, last - bins.edges[-2]
    low, high = bounds
    if low is not None and low < first:
        below = min(below, first - low)
    if high is not None and high > last:
        above = min(above, high - last)
    places = [first - below, *bins.edges, last + above]
    return [
        (start, end, count / (end - start) if end > start else 0.0)  # an end that rounding leaves no room
        for start, end, count in zip(places, places[1:], bins.counts, strict=False)
    ]


def _numeric(bins: NumericBins, bounds: tuple[float | None, float | None]) -> tuple[int, Iterator[str]]:
    return _HEIGHT + _LINE + (_LINE if bins.missing else 0), _histogram(bins, bounds)


def _histogram(bins: NumericBins, bounds: tuple[float | None, float | None]) -> Iterator[str]:
    bars, total = _bars(bins, bounds), _total(bins)
    begin, end = bars[0][0], bars[-1][1]
    most = _tallest([height for _, _, height in bars])
    cut: list[tuple[float, float, str]] = []
    for i, (start, stop, height) in enumerate(bars):
        if not height:
            continue
        x, width = (start - begin) / (end - begin) * _WIDTH, (stop - start) / (end - begin) * _WIDTH
        width = max(width - 0.6, _THINNEST)
        tall = min(max(_LEAST, height / most * (_HEIGHT - 2)), _HEIGHT)
        kind = "bar open" if i in {0, len(bars) - 1} else "bar"
        place = f'x="{x:.1f}" y="{_HEIGHT - tall:.1f}" width="{width:.1f}" height="{tall:.1f}"'
        yield f'<rect class="{kind}" {place}><title>{escape(_bin_text(bins, i, total))}</title></rect>'
        if height > most:
            cut.append((x, x + width, _share(bins.counts[i], total)))
    yield from _cuts(cut)
    yield f'<line class="axis" x1="0" y1="{_HEIGHT}" x2="{_WIDTH}" y2="{_HEIGHT}"/>'
    yield from _edge_labels(bins, [(edge - begin) / (end - begin) * _WIDTH for edge in bins.edges])
    if bins.missing:
        yield from _missing(bins.missing, total, _HEIGHT + _LINE)


def _cuts(cut: Sequence[tuple[float, float, str]]) -> Iterator[str]:
    """The marks of bars that do not end where the picture does: where each begins and stops, and its share."""
    for start, stop, _ in cut:
        yield f'<line class="cut" x1="{start - 3:.1f}" y1="12" x2="{stop + 3:.1f}" y2="7"/>'
    if cut:
        shares = ", ".join(share for *_, share in cut)
        right = cut[-1][1] < _WIDTH / 2
        yield _text(cut[-1][1] + 6 if right else cut[0][0] - 6, 11, shares, "start" if right else "end")


def _tallest(heights: Sequence[float]) -> float:
    """What the picture's height stands for; above 0. Taller than that are bars which would flatten all others."""
    rest = sorted((height for height in heights if height), reverse=True)
    cut = False
    while len(rest) > 2 and rest[0] > _OUTSTANDING * rest[1]:
        cut = True
        del rest[0]
    return (rest[0] * (_OVER if cut else 1)) if rest else 1.0


def _edge_labels(bins: NumericBins, places: Sequence[float]) -> Iterator[str]:
    """The first and the last edge, below themselves as far as they have room."""
    y = _HEIGHT + 12
    yield _text(min(max(places[0], 1), _WIDTH - 60), y, f"{bins.edges[0]:g}", "start" if places[0] < 20 else "middle")
    if len(bins.edges) > 1 and places[-1] - places[0] > 70:
        near = places[-1] > _WIDTH - 20
        yield _text(min(places[-1], _WIDTH - 1), y, f"{bins.edges[-1]:g}", "end" if near else "middle")


def _bin_text(bins: NumericBins, i: int, total: int) -> str:
    share = _share(bins.counts[i], total)
    if i == 0:
        return f"below {bins.edges[0]:g}: {share}"
    if i == len(bins.edges):
        return f"from {bins.edges[-1]:g} on: {share}"
    return f"{bins.edges[i - 1]:g} to {bins.edges[i]:g}: {share}"


# --- Categories -----------------------------------------------------------------------------------------------


def _categories(bins: CategoryBins) -> tuple[int, Iterator[str]]:
    rows = _largest(bins)
    return (len(rows) + (1 if bins.missing else 0)) * _LINE + 2, _category_bars(bins, rows)


def _category_bars(bins: CategoryBins, rows: Sequence[tuple[str, int]]) -> Iterator[str]:
    total = _total(bins)
    most = max((count for _, count in rows), default=0) or 1
    room = _WIDTH - _LABEL - _FIGURE
    for i, (name, count) in enumerate(rows):
        wide = max(_LEAST, count / most * room) if count else 0.0
        yield _text(_LABEL - 6, i * _LINE + 12, _shortened(name), "end", name)
        yield f'<rect class="bar" x="{_LABEL}" y="{i * _LINE + 3}" width="{wide:.1f}" height="{_LINE - 4}"/>'
        yield _text(_LABEL + wide + 5, i * _LINE + 12, _share(count, total), "start")
    if bins.missing:
        yield from _missing(bins.missing, total, len(rows) * _LINE)


def _largest(bins: CategoryBins) -> list[tuple[str, int]]:
    """Categories with their counts in the baseline's order; where they are many the largest, and then the rest."""
    rows = [(one_line(name), count) for name, count in zip(bins.categories, bins.counts, strict=False)]
    if len(rows) <= MOST_CATEGORIES:
        return rows
    rows.sort(key=lambda row: -row[1])
    kept, rest = rows[: MOST_CATEGORIES - 1], rows[MOST_CATEGORIES - 1 :]
    return [*kept, (f"{len(rest)} others", sum(count for _, count in rest))]


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


# --- Both -----------------------------------------------------------------------------------------------------


def _missing(count: int, total: int, y: float) -> Iterator[str]:
    """The share of rows without a value, as a bar of its own whose full width is all rows."""
    room = _WIDTH - _LABEL - _FIGURE
    wide = max(_LEAST, count / total * room)
    yield _text(_LABEL - 6, y + 12, "missing", "end")
    yield f'<rect class="missing" x="{_LABEL}" y="{y + 3:.1f}" width="{wide:.1f}" height="{_LINE - 4}"/>'
    yield _text(_LABEL + wide + 5, y + 12, _share(count, total), "start")


def _total(bins: NumericBins | CategoryBins) -> int:
    return sum(bins.counts) + bins.missing


def _share(count: int, total: int) -> str:
    return f"{count / total:.1%}" if total else "0.0%"


def _text(x: float, y: float, text: str, anchor: str, whole: str = "") -> str:
    title = f"<title>{escape(whole)}</title>" if whole and whole != text else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}{title}</text>'
