from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from cli.bench.plot import Panel, svg

SVG = "{http://www.w3.org/2000/svg}"
X = [128, 256, 512, 10240]
TIMES = {"p50": [4.0, 2.0, 1.0, 0.9], "p99": [40.0, 20.0, 10.0, 9.0]}


def drawn(*panels: Panel, x: list[float] | None = None) -> ET.Element:
    return ET.fromstring(svg("a <title> & more", "memory, MB", x or [*map(float, X)], panels))  # noqa: S314


def test_a_picture_loads_nothing_and_says_what_it_is() -> None:
    picture = svg("a <title> & more", "memory, MB", X, [Panel("times", TIMES)])
    assert not re.search(r"href|url\(|<script|<image|@import", picture)
    assert drawn(Panel("times", TIMES)).findtext(f"{SVG}title") == "a <title> & more"


@pytest.mark.parametrize("limit", [None, ("target", 0.001), ("target", 5.0), ("target", 100_000.0)])
@pytest.mark.parametrize("times", [TIMES, {"one": [1.0] * 4}, {"wide": [1e-6, 1.0, 1e3, 1e6]}])
def test_everything_is_drawn_within_the_picture(times: dict[str, list[float]], limit: tuple[str, float] | None) -> None:
    root = drawn(Panel("first", times, limit), Panel("second", times))
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    places = [(float(node.attrib["cx"]), float(node.attrib["cy"])) for node in root.iter(f"{SVG}circle")]
    places += [(float(node.attrib["x"]), float(node.attrib["y"])) for node in root.iter(f"{SVG}text")]
    assert len(places) >= 2 * len(times) * len(X)
    assert all(0 <= x <= width and 0 <= y <= height for x, y in places)


def test_more_is_higher_and_more_memory_is_further_right() -> None:
    root = drawn(Panel("times", {"p99": TIMES["p99"]}))
    places = [(float(node.attrib["cx"]), float(node.attrib["cy"])) for node in root.iter(f"{SVG}circle")]
    assert [x for x, _ in places] == sorted(x for x, _ in places)
    assert [y for _, y in places] == sorted(y for _, y in places)  # falling times, and y counts downwards


def test_one_size_alone_can_be_drawn() -> None:
    root = drawn(Panel("times", {"p50": [2.0]}), x=[512.0])
    assert len(list(root.iter(f"{SVG}circle"))) == 1
