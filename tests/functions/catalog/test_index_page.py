"""The index page: what it shows, and that nothing it is given can change what it is."""

from __future__ import annotations

import base64
import hashlib
import re

import msgspec
import pytest

from functions.catalog.index_page import CONTENT_SECURITY_POLICY, index_page, prefers_json
from serin.openapi import curl_line
from tests.functions.catalog.sample_manifests import IMAGE, IRIS, MANIFESTS, ODD, PRICE


def page(root: str = "", host: str = "localhost:3000") -> str:
    return index_page(MANIFESTS, root, "http", host)


def test_every_model_is_shown_with_version_facts_and_links() -> None:
    shown = page()
    for manifest in MANIFESTS:
        assert f'<article id="{manifest.name}">' in shown
        assert f'href="./docs#/{manifest.name}/predict-{manifest.name}"' in shown
        assert f'href="./v2/models/{manifest.name}"' in shown
    assert "5 models behind" in shown
    assert "<li>2 features</li><li>one of 3 classes</li><li>up to 1,000 rows a request</li>" in shown


@pytest.mark.parametrize(
    ("manifest", "facts"),
    [
        (PRICE, "<li>1 feature</li><li>a number in EUR</li>"),
        (IMAGE, "<li>1 input tensor</li><li>one of 2 classes</li>"),
        (ODD, "<li>5 input tensors</li><li>2 output tensors</li>"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_the_facts_count_in_words(manifest: object, facts: str) -> None:
    assert facts in page()


@pytest.mark.parametrize("host", ["localhost:3000", "abc123.execute-api.eu-west-1.amazonaws.com", "[::1]:3000"])
def test_a_line_to_paste_goes_to_the_host_that_was_asked(host: str) -> None:
    assert f"http://{host}/dev/models/iris/predict" in page("/dev", host)


@pytest.mark.parametrize("host", ["", "a b", "evil/path", "x'; rm -rf ~; '", "a:b:c", "<script>", "h:123456", "[::1"])
def test_a_forged_host_is_not_repeated(host: str) -> None:
    shown = page(host=host)
    assert "http://localhost/models/iris/predict" in shown
    assert not host or f"http://{host}" not in shown


def test_below_a_prefix_every_link_has_it() -> None:
    links = re.findall(r'href="([^"]*)"', page("/dev"))
    assert {link for link in links if not link.startswith("/dev/")} == {"data:,"}


def test_what_a_manifest_says_is_text_and_no_markup() -> None:
    hostile = msgspec.structs.replace(IRIS, title="<script>alert(1)</script>", description='"><img src=x> $style')
    shown = index_page([hostile], "", "http", "localhost")
    assert "<script" not in shown
    assert "<img" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "&lt;img src=x&gt; $style" in shown


def test_the_policy_allows_exactly_the_style_that_the_page_has() -> None:
    style = re.search(r"<style>(.*?)</style>", page(), re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}';" in CONTENT_SECURITY_POLICY


def test_the_line_to_paste_is_the_command_line_s_own() -> None:
    line = curl_line("http://localhost:3000", PRICE)
    assert line == (
        "curl -sS http://localhost:3000/models/price/predict -H 'content-type: application/json' "
        '-d \'{"instances":[{"area":72}]}\''
    )
    assert line.replace("'", "&#x27;").replace('"', "&quot;") in page()


@pytest.mark.parametrize(
    ("accept", "json"),
    [
        ("", False),
        ("*/*", False),
        ("application/json", True),
        ("text/html, application/json", False),
        ("application/json;q=0.9, text/html", True),
        ("text/plain, APPLICATION/JSON", True),
    ],
)
def test_what_is_named_first_is_preferred(accept: str, json: bool) -> None:
    assert prefers_json(accept) is json
