from __future__ import annotations

import pytest

from cli.optimize.choose import Candidate, choose


def candidate(name: str, p50: float, size: int = 100, *, fit: bool = True) -> Candidate:
    return Candidate(name=name, p50_ms=p50, stored_bytes=size, fit=fit)


PRESENT = candidate("present", 1.0)


@pytest.mark.parametrize(
    ("others", "winner"),
    [
        ([], "present"),
        ([candidate("graph", 1.2)], "present"),
        ([candidate("graph", 0.96)], "present"),  # nearer than 5 % is a tie
        ([candidate("graph", 0.95)], "present"),
        ([candidate("graph", 0.94)], "graph"),
        ([candidate("graph", 0.94, 90), candidate("int8", 0.96, 1)], "graph"),  # what gains nothing wins no tie
        ([candidate("int8", 0.1, fit=False)], "present"),
        ([candidate("int8", 0.1, fit=False), candidate("fp16", 0.8)], "fp16"),
        ([candidate("graph", 0.5, 100), candidate("int8", 0.52, 40)], "int8"),  # as quick, and smaller
        ([candidate("graph", 0.5, 100), candidate("int8", 0.6, 40)], "graph"),
        ([candidate("a", 0.5, 40), candidate("b", 0.49, 40)], "b"),
    ],
)
def test_the_quickest_that_is_fit_wins_and_ties_go_to_the_smaller_file(others: list[Candidate], winner: str) -> None:
    assert choose(PRESENT, others) == winner
