from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from cli.card.facts import read_card
from cli.card.html import CONTENT_SECURITY_POLICY, card_page
from cli.card.style import STYLE
from tests.small_models.catalogue import FLOWER, PAIR, SHOP
from tests.small_models.folder import SmallModel
from tests.unit.cli.card.models import HOSTILE, hostile, write_packaged

VOID = {"meta", "link"}
EMPTY_SHAPES = {"rect", "line"}


class Structure(HTMLParser):
    """The elements of a page and its text; every element that begins must end."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        assert tag in EMPTY_SHAPES

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def tags(self) -> list[str]:
        return [tag for tag, _ in self.elements]


def page(model: SmallModel, folder: Path) -> str:
    return card_page(read_card(model.write(folder)))


def test_whatever_a_model_says_is_text(tmp_path: Path) -> None:
    plain, evil = page(SHOP, tmp_path / "plain"), page(hostile(), tmp_path / "hostile")
    structure = Structure(evil)
    assert {"script", "img", "b"}.isdisjoint(structure.tags())
    assert set(structure.tags()) <= set(Structure(plain).tags()) | {"dt", "dd"}
    assert not any(key.startswith("on") for _, attributes in structure.elements for key in attributes)
    assert structure.text.count(HOSTILE.strip()) >= 8
    assert all(character.isprintable() or character == "\n" for character in evil)


def test_nothing_is_loaded_from_anywhere(tmp_path: Path) -> None:
    for model in (FLOWER, PAIR, hostile()):
        elements = Structure(page(model, tmp_path)).elements
        loading = {"src", "srcset", "data", "action", "background", "poster", "xlink:href", "style"}
        assert not [tag for tag, attributes in elements if loading & attributes.keys()]
        assert [attributes["href"] for _, attributes in elements if "href" in attributes] == ["data:,"]
        assert not re.search(r"url\(|@import", STYLE)


def test_the_policy_allows_exactly_the_style_that_the_page_has(tmp_path: Path) -> None:
    text = page(FLOWER, tmp_path)
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}';" in CONTENT_SECURITY_POLICY
    policies = [attributes["content"] for _, attributes in Structure(text).elements if "http-equiv" in attributes]
    assert policies == [CONTENT_SECURITY_POLICY]


def test_headings_headers_and_pictures_can_be_read_aloud(tmp_path: Path) -> None:
    structure = Structure(card_page(read_card(write_packaged(tmp_path))))
    assert structure.tags().count("h1") == 1
    assert structure.tags().count("h2") == structure.tags().count("section")
    ids = {attributes.get("id") for _, attributes in structure.elements}
    assert all(attributes["aria-labelledby"] in ids for tag, attributes in structure.elements if tag == "section")
    assert all(attributes["scope"] in {"col", "row"} for tag, attributes in structure.elements if tag == "th")
    assert all(attributes["aria-label"] for tag, attributes in structure.elements if tag in {"svg", "table"})
    assert ("html", {"lang": "en"}) in structure.elements


def test_everything_that_is_known_stands_on_the_page(tmp_path: Path) -> None:
    text = Structure(card_page(read_card(write_packaged(tmp_path)))).text
    for said in (
        "Rose or tulip",
        "petal length",
        "0 to 10",
        "filled with 4.0",
        "tulip from a probability of 0.25",
        "0.975",
        "2.5e-06",
        "10,000, 40 of them edge rows",
        "in 100 % of the rows",
        "Spearman's rho 0.99999",
        "1 of 2 (rose: 1, tulip: 0)",
        "300 rows of held-out.csv",
        "skl2onnx 1.20.0",
        "curl -sS http://127.0.0.1:3000/models/flower/predict",
    ):
        assert said in text


def test_the_same_folder_gives_the_same_bytes(tmp_path: Path) -> None:
    assert page(FLOWER, tmp_path / "one") == page(FLOWER, tmp_path / "other")


@pytest.mark.parametrize("model", [FLOWER, PAIR, SHOP], ids=lambda model: model.name)
def test_the_alternatives_of_pictures_are_words(model: SmallModel, tmp_path: Path) -> None:
    pictures = [attributes for tag, attributes in Structure(page(model, tmp_path)).elements if tag == "svg"]
    assert len(pictures) == (0 if model.baseline is None else len(model.baseline["features"]) + 1)
    assert all("rows: " in str(attributes["aria-label"]) for attributes in pictures)
