"""The part of ``docs/performance.md`` that is made from the results."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from benchmarks.results import Results, markdown
from local.paths import REPOSITORY

PAGE: Final = REPOSITORY / "docs" / "performance.md"
_BEGIN: Final = "<!-- made from benchmarks/results/latest.json by `make bench` -->\n"
_END: Final = "<!-- end -->\n"


def with_results(page: str, results: Results) -> str:
    """``page`` with its table made anew."""
    before, _, rest = page.partition(_BEGIN)
    return f"{before}{_BEGIN}\n{markdown(results)}\n{_END}{rest.partition(_END)[2]}"


def write(results: Results, file: Path = PAGE) -> None:
    """Put ``results`` into the page."""
    file.write_text(with_results(file.read_text(), results))
