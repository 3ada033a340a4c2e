from __future__ import annotations

from pathlib import Path

from benchmarks import page, peer_results, plot, results
from benchmarks.results import Results
from benchmarks.rows import LeftOut, compare

FACTS = {"cores": "2"}
FAST = compare("fast", "a thing", "a reference", "ms", [(1, 4), (1, 2)], target=0.5)
SLOW = compare("slow", "another", "a reference", "1/s", [(1000, 4000)], target=0.5, better="higher")
MISSING = LeftOut("share", "no control groups")
SOME = Results.of(FACTS, [FAST, MISSING, SLOW])


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    results.write(SOME, tmp_path / "some.json")
    assert results.read(tmp_path / "some.json") == SOME


def test_the_table_says_figures_ratio_target_and_whether_it_is_reached() -> None:
    heading, fast, missing, slow = results.table([FAST, MISSING, SLOW]).splitlines()
    assert heading.split() == ["what", "Serin", "against", "there", "ratio", "quartiles", "target", "reached"]
    assert fast.split("  ")[0] == "a thing"
    assert fast.endswith("yes")
    assert slow.endswith("no")
    assert "no control groups" in missing


def test_the_page_has_the_rows_and_why_others_are_missing() -> None:
    text = results.markdown(SOME)
    assert "| a thing | 1 ms | a reference | 3 ms | 0.375 x | 0.312 - 0.438 | <= 0.5 x | yes |" in text
    assert "Not measured: share: no control groups." in text
    assert "Measured with: cores 2." in text


def test_what_is_promised_of_our_own_figure_is_held_against_that() -> None:
    for ours, reached in ((9.9, "yes"), (10.1, "no")):
        row = compare("kept", "a look", "a run", "us", [(ours, 1)], target=None, most=10)
        assert results.cells(row)[-2:] == ("<= 10 us", reached)


def test_only_the_part_of_the_page_that_is_made_from_results_changes() -> None:
    before = page.with_results(
        "head\n<!-- made from benchmarks/results/latest.json by `make bench` -->\nold\n<!-- end -->\ntail\n", SOME
    )
    assert before.startswith("head\n")
    assert before.endswith("<!-- end -->\ntail\n")
    assert "old" not in before
    assert page.with_results(before, SOME) == before


def test_the_summary_has_the_first_columns_of_the_rows_that_are_wanted_first() -> None:
    cold = compare("cold-bare", "a start", "a reference", "ms", [(1, 4)], target=0.5)
    assert results.summary(Results.of(FACTS, [cold, FAST])).splitlines() == [
        "| what | Serin | against | there | ratio |",
        "| --- | --- | --- | --- | --- |",
        "| a start | 1 ms | a reference | 4 ms | 0.25 x |",
    ]


def test_the_pages_say_what_the_latest_results_say() -> None:
    readme = page.README.read_text()
    assert page.with_summary(readme, results.read()) == readme
    text = page.PAGE.read_text()
    assert page.with_results(text, results.read()) == text
    assert page.with_peers(text, peer_results.read()) == text


def test_the_same_results_are_drawn_to_the_same_bytes(tmp_path: Path) -> None:
    plot.draw(SOME, tmp_path / "one.svg")
    plot.draw(SOME, tmp_path / "two.svg")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    assert b"a thing" in (tmp_path / "one.svg").read_bytes()
