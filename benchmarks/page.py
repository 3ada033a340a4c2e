"""The parts of ``docs/performance.md`` and the README that are made from results."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from benchmarks import peer_results, results
from benchmarks.peer_results import PeerResults
from benchmarks.results import Results
from local.paths import REPOSITORY

PAGE: Final = REPOSITORY / "docs" / "performance.md"
README: Final = REPOSITORY / "README.md"
_ROWS: Final = "<!-- made from benchmarks/results/latest.json by `make bench` -->\n"
_PEERS: Final = "<!-- made from benchmarks/results/peers.json by `make bench-peers` -->\n"
_END: Final = "<!-- end -->\n"


def with_results(page: str, taken: Results) -> str:
    """``page`` with its table made anew."""
    return _with_part(page, _ROWS, results.markdown(taken))


def with_summary(page: str, taken: Results) -> str:
    """``page`` with the few rows of its table made anew."""
    return _with_part(page, _ROWS, results.summary(taken))


def with_peers(page: str, taken: PeerResults) -> str:
    """``page`` with the table of other servers made anew."""
    return _with_part(page, _PEERS, peer_results.markdown(taken))


def write(taken: Results, file: Path = PAGE, readme: Path = README) -> None:
    """Put ``taken`` into both pages."""
    file.write_text(with_results(file.read_text(), taken))
    readme.write_text(with_summary(readme.read_text(), taken))


def write_peers(taken: PeerResults, file: Path = PAGE) -> None:
    """Put ``taken`` into the page."""
    file.write_text(with_peers(file.read_text(), taken))


def _with_part(page: str, begin: str, part: str) -> str:
    before, _, rest = page.partition(begin)
    return f"{before}{begin}\n{part}\n{_END}{rest.partition(_END)[2]}"
