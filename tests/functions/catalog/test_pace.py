"""How quick a path has been."""

from __future__ import annotations

from functions.catalog.pace import QUICK_SECONDS, STREAK, Pace


def test_a_path_is_quick_after_so_many_quick_answers_in_a_row() -> None:
    pace = Pace()
    for _ in range(STREAK):
        assert not pace.is_quick
        pace.note(QUICK_SECONDS)
    assert pace.is_quick


def test_one_slow_answer_takes_it_all_back() -> None:
    pace = Pace()
    for _ in range(STREAK * 10):
        pace.note(0)
    pace.note(QUICK_SECONDS * 2)
    assert not pace.is_quick
    for _ in range(STREAK - 1):
        pace.note(0)
    assert not pace.is_quick
