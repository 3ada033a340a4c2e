"""A card as one page that needs nothing else: no script, no request, its style and its pictures within."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from html import escape
from string import Template
from typing import Final

from cli.card.facts import Card
from cli.card.histogram import described, svg
from cli.card.outline import outline
from cli.card.sections import Drawing, Row, Section, Table
from cli.card.style import STYLE
from cli.outcome import one_line

_STYLE_DIGEST: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_DIGEST}'; img-src data:; base-uri 'none'; form-action 'none'"
)
_PAGE: Final = Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="content-security-policy" content="$policy">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>$title</title>
<link rel="icon" href="data:,">
<style>$style</style>
</head>
<body>
<header>
<h1>$heading</h1>
<p class="identity"><code>$name</code> <span class="version">$version</span></p>
<p>$description</p>
</header>
<main>
$sections
</main>
</body>
</html>
""")


def card_page(card: Card) -> str:
    """The page. The same card gives the same bytes."""
    title = one_line(card.title) or card.name
    return _PAGE.substitute(
        policy=escape(CONTENT_SECURITY_POLICY),
        title=escape(f"{title} ({card.name} {card.version})"),
        style=STYLE,
        heading=escape(title),
        name=escape(card.name),
        version=escape(card.version),
        description=escape(one_line(card.description)),
        sections="\n".join("".join(_section(section, i)) for i, section in enumerate(outline(card), start=1)),
    )


def _section(section: Section, number: int) -> Iterator[str]:
    kind = "half" if _is_small(section) else "whole"
    yield f'<section class="{kind}" aria-labelledby="section-{number}">'
    yield f'<h2 id="section-{number}">{escape(section.title)}</h2>'
    if section.note:
        yield f'<p class="note">{escape(section.note)}</p>'
    if section.pairs:
        rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in section.pairs)
        yield f"<dl>{rows}</dl>"
    if section.drawing is not None:
        yield f"<figure>{svg(section.drawing)}<figcaption>{escape(described(section.drawing))}</figcaption></figure>"
    for table in section.tables:
        yield from _table(table, section.title)
    if section.code:
        yield f"<pre><code>{escape(section.code)}</code></pre>"
    yield "</section>"


def _is_small(section: Section) -> bool:
    """Whether it leaves room for another beside it."""
    return not section.code and all(len(table.head) <= 2 for table in section.tables) and section.title in _SMALL


_SMALL: Final = {"Metrics", "Golden cases", "Parity", "Serving"}


def _table(table: Table, title: str) -> Iterator[str]:
    head = (*table.head, "Distribution") if table.drawn else table.head
    # Roles are named because narrow screens show rows as blocks, and browsers then no longer tell that it is a table.
    yield f'<div class="wide"><table role="table" aria-label="{escape(title)}"><thead role="rowgroup"><tr role="row">'
    yield from (f'<th role="columnheader" scope="col">{escape(name)}</th>' for name in head)
    yield '</tr></thead><tbody role="rowgroup">'
    for row in table.rows:
        yield from _row(row, table)
    yield "</tbody></table></div>"


def _row(row: Row, table: Table) -> Iterator[str]:
    about = f'<span class="about">{escape(row.note)}</span>' if row.note else ""
    yield f'<tr role="row"><th role="rowheader" scope="row">{escape(row.cells[0])}{about}</th>'
    for name, cell in zip(table.head[1:], row.cells[1:], strict=True):
        yield f'<td role="cell" data-head="{escape(name)}">{escape(cell)}</td>'
    if table.drawn:
        yield f'<td role="cell" class="picture">{_picture(row.drawing)}</td>'
    yield "</tr>"


def _picture(drawing: Drawing | None) -> str:
    return "" if drawing is None else svg(drawing)
