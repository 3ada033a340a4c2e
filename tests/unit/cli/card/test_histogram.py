from __future__ import annotations

import math
import re
from xml.etree import ElementTree as ET

import pytest

from cli.card.histogram import MOST_CATEGORIES, described, line, median, svg
from cli.card.sections import Drawing
from serin.baseline import Bins, CategoryBins, NumericBins

EVEN = NumericBins(edges=(10.0, 20.0, 30.0), counts=(10, 20, 60, 10))
NEEDLE = NumericBins(edges=(1.0, 100.0, 200.0, 300.0), counts=(900, 30, 40, 20, 10))
CITIES = CategoryBins(categories=("Rome", "Oslo"), counts=(3, 1))


def drawn(bins: Bins, bounds: tuple[float | None, float | None] = (None, None)) -> ET.Element:
    return ET.fromstring(svg(Drawing(name="x", bins=bins, bounds=bounds)))  # noqa: S314


def bars(root: ET.Element) -> list[dict[str, float]]:
    return [
        {key: float(value) for key, value in node.attrib.items() if key != "class"}
        for node in root.iter("rect")
        if "bar" in node.attrib["class"]
    ]


def test_the_area_of_a_bar_is_the_share_of_its_bin() -> None:
    first, second, third, fourth = bars(drawn(NumericBins(edges=(0.0, 10.0, 30.0), counts=(10, 20, 40, 10))))
    assert second["height"] == pytest.approx(third["height"], abs=0.2)  # twice the rows in twice the width
    assert first["height"] == pytest.approx(second["height"] / 2, abs=0.2)
    assert fourth["height"] == pytest.approx(third["height"] / 4, abs=0.2)
    assert first["x"] == 0
    assert [first["x"], second["x"], third["x"], fourth["x"]] == sorted(
        bar["x"] for bar in (first, second, third, fourth)
    )


def test_open_ends_reach_no_further_than_their_neighbours_nor_than_what_is_allowed() -> None:
    first, second, *_ = bars(drawn(EVEN))
    assert first["width"] == pytest.approx(second["width"], abs=0.2)
    first, second, *_ = bars(drawn(EVEN, (5.0, None)))
    assert first["width"] == pytest.approx(second["width"] / 2, abs=0.5)


def test_a_bar_that_would_flatten_the_others_is_cut_and_bears_its_share() -> None:
    root = drawn(NEEDLE)
    assert [node.attrib["class"] for node in root.iter("line")] == ["cut", "axis"]
    assert any(node.text == "90.0%" for node in root.iter("text"))
    assert sorted(bar["height"] for bar in bars(root))[-2] > 20
    assert [node.attrib["class"] for node in drawn(EVEN).iter("line")] == ["axis"]


def test_missing_values_are_drawn_beside_either_kind() -> None:
    for bins in (
        NumericBins(edges=(1.0,), counts=(1, 1), missing=2),
        CategoryBins(categories=("a",), counts=(3,), missing=3),
    ):
        root = drawn(bins)
        assert [node.attrib["class"] for node in root.iter("rect")][-1] == "missing"
        assert [node.text for node in root.iter("text")][-2:] == ["missing", "50.0%"]
        assert "50.0% missing" in root.attrib["aria-label"]


def test_many_categories_are_the_largest_and_the_rest() -> None:
    many = CategoryBins(categories=tuple(f"c{i}" for i in range(1000)), counts=tuple(range(1000)))
    texts = [node.text for node in drawn(many).iter("text")]
    assert len(texts) == 2 * MOST_CATEGORIES
    assert texts[0] == "c999"
    assert texts[-2] == "991 others"


def test_a_long_category_is_shortened_and_whole_in_its_title() -> None:
    name = "a category with a very long name"
    text = next(drawn(CategoryBins(categories=(name,), counts=(1,))).iter("text"))
    assert text.text == "a category wit…"
    assert text.findtext("title") == name


def test_the_alternative_text_says_what_the_picture_shows() -> None:
    said = "age, 100 rows: 10.0% below 10, half below 23.3333 or so, 10.0% from 30 on; none missing"
    assert described(Drawing(name="age", bins=EVEN)) == said
    assert described(Drawing(name="city", bins=CITIES)) == "city, 4 rows: Rome: 75.0%, Oslo: 25.0%; none missing"
    assert drawn(EVEN).attrib["role"] == "img"


@pytest.mark.parametrize(
    ("bins", "middle"),
    [(EVEN, 23.333), (NEEDLE, 1.0), (NumericBins(edges=(5.0,), counts=(0, 9)), 5.0)],
)
def test_the_middle_is_worked_out_within_its_bin(bins: NumericBins, middle: float) -> None:
    assert median(bins) == pytest.approx(middle, abs=1e-3)


def test_a_line_has_a_block_a_bin_or_the_categories() -> None:
    assert line(Drawing(name="x", bins=EVEN)) == "10 ▂▃█▂ 30"
    assert line(Drawing(name="x", bins=CITIES)) == "Rome: 75.0%, Oslo: 25.0%"


@pytest.mark.parametrize(
    "bins",
    [
        NumericBins(edges=(1.0,), counts=(4, 0)),
        NumericBins(edges=(1.0, 1.0 + 1e-15), counts=(1, 2, 3)),
        NumericBins(edges=(2.0**53 - 1, 2.0**53), counts=(1, 2, 3)),
        NumericBins(edges=(1e17,), counts=(1, 2)),
        NumericBins(edges=(-1e299, 1e299), counts=(1, 2, 3)),
        NumericBins(edges=(1.0,), counts=(0, 0), missing=3),
        NumericBins(edges=(1.0, 2.0), counts=(0, 0, 7)),
        CategoryBins(categories=("a", "b"), counts=(0, 0), missing=1),
    ],
    ids=str,
)
@pytest.mark.parametrize("bounds", [(None, None), (5.0, 1.0), (1.0, 1.0), (0.0, 1e308)])
def test_odd_baselines_are_drawn_all_the_same(bins: Bins, bounds: tuple[float | None, float | None]) -> None:
    root = drawn(bins, bounds)
    assert all(math.isfinite(number) for bar in bars(root) for number in bar.values())
    assert all(bar["x"] + bar["width"] <= 262 for bar in bars(root))
    assert line(Drawing(name="x", bins=bins, bounds=bounds))


def test_a_picture_loads_nothing_and_has_no_style_of_its_own() -> None:
    assert not re.search(r"href|url\(|style=|<script|<image|xmlns", svg(Drawing(name="x", bins=NEEDLE)))
