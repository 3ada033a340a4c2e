"""The page of `serin show`, as people meet it: a file that a real browser opens."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, Literal

import pytest
from playwright.sync_api import Browser, expect

from cli.main import run
from cli.outcome import ExitCode
from tests.sample_models import MODELS, NAMES
from tests.unit.cli.card.models import hostile

WIDTHS: Final = (1200, 360)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_card_fits_its_window_and_asks_for_nothing(
    name: str, scheme: Literal["light", "dark"], width: int, browser: Browser, tmp_path: Path
) -> None:
    file = card(MODELS, name, tmp_path)
    requests, complaints = opened(browser, file, scheme, width)
    assert requests == [file.as_uri()]
    assert complaints == []


def test_a_hostile_card_runs_nothing(browser: Browser, tmp_path: Path) -> None:
    hostile().write(tmp_path / "models")
    file = card(tmp_path / "models", "shop", tmp_path)
    requests, complaints = opened(browser, file, "light", WIDTHS[1])
    assert requests == [file.as_uri()]
    assert complaints == []


def card(models: Path, name: str, folder: Path) -> Path:
    file = folder / "card.html"
    assert run(["show", name, "--models", str(models), "--html", str(file)]) == ExitCode.OK
    return file


def opened(browser: Browser, file: Path, scheme: Literal["light", "dark"], width: int) -> tuple[list[str], list[str]]:
    """What the page asked for beside its empty icon, and what it complained of; it must fit and must be styled."""
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    requests: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda line: complaints.append(line.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.goto(file.as_uri())
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("table").first).to_be_visible()
    expect(page.locator("body")).to_have_css("background-color", re.compile(SCHEMES[scheme]))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
    return [request for request in requests if request != "data:,"], complaints


SCHEMES: Final = {"light": r"rgb\(246, 248, 246\)", "dark": r"rgb\(19, 24, 22\)"}
