from __future__ import annotations

import pytest

from benchmarks import __main__ as benchmarks
from benchmarks.parts import PARTS
from benchmarks.rows import Outcome, compare


@pytest.fixture
def one_part(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """The part ``memory`` alone gives a row; what it was called with."""
    called: list[bool] = []

    def run(quick: bool) -> list[Outcome]:
        called.append(quick)
        return [compare("memory", "what", "there", "MB", [(9 if quick else 1, 1)], target=1)]

    monkeypatch.setitem(PARTS, "memory", run)
    return called


def test_a_check_takes_the_short_form_and_fails_on_a_ratio_worse_than_its_bound(
    one_part: list[bool], capsys: pytest.CaptureFixture[str]
) -> None:
    assert benchmarks.main(["check", "--parts", "memory"]) == 1
    assert one_part == [True, True], "twice: something else may have been running the first time"
    assert "memory: 9 x the there, and at most" in capsys.readouterr().out


def test_some_parts_are_shown_and_not_kept(
    one_part: list[bool], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("benchmarks.results.write")
    assert benchmarks.main(["run", "--parts", "memory"]) == 0
    assert one_part == [False]
    assert "1 x" in capsys.readouterr().out


def test_a_part_that_does_not_exist_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"serin: PARTS: there is no 'colder'; there are cold, "):
        benchmarks.main(["run", "--parts", "cold,colder"])


def test_a_breach_that_does_not_come_again_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    ratios = [9.0, 0.5]
    monkeypatch.setitem(
        PARTS, "memory", lambda _quick: [compare("memory", "what", "there", "MB", [(ratios.pop(0), 1)], target=1)]
    )
    assert benchmarks.main(["check", "--parts", "memory"]) == 0
    assert ratios == []
