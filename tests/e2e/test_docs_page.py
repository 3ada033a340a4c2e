"""The pages as people meet them: in a real browser, against a real server."""

from __future__ import annotations

import io
import json
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.sync_api import Browser, Locator, Page, expect
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from functions.catalog.asgi import create_asgi
from serin.engine import EngineOptions
from serin.manifest import Classification, Feature, Manifest, Regression, TensorInput
from serin.model_folder import MANIFEST_FILE, find_model_folders, load_manifest
from serin.observability import Observer, ObserverSettings
from serin.service import load_service
from tests.sample_models import MODELS, NAMES

MANIFESTS: Final = {name: load_manifest(MODELS / name / MANIFEST_FILE) for name in NAMES}
PREFIX: Final = "/dev"


@dataclass
class Visit:
    """A page, and all that it asked for and complained of."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """``app`` under uvicorn on loopback."""
    config = uvicorn.Config(app, log_level="error", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(30)
    assert not thread.is_alive()


@pytest.fixture(scope="module")
def app() -> ASGIApp:
    """The sample models."""
    service = load_service(find_model_folders(MODELS), EngineOptions())
    return create_asgi(service, Observer(ObserverSettings(stream=io.StringIO())))


@pytest.fixture(scope="module")
def url(app: ASGIApp) -> Iterator[str]:
    with served(app) as address:
        yield address


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """A fresh page; at its end it must have asked only its own server, and complained of nothing."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    context.set_default_timeout(15_000)
    visit = Visit(context.new_page())
    visit.page.on("request", lambda request: visit.requests.append(request.url))
    visit.page.on(
        "console", lambda line: visit.complaints.append(line.text) if line.type in {"error", "warning"} else None
    )
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    yield visit
    context.close()
    assert visit.complaints == []
    assert {urlsplit(request).hostname for request in visit.requests} == {"127.0.0.1"}


def section(page: Page, name: str) -> Locator:
    """All that the docs page shows below the heading of one model."""
    return page.locator(f".opblock-tag-section:has(#operations-tag-{name})")


def execute(operation: Locator) -> Any:
    """Try an operation out as it stands, and return the answer, which must be 200."""
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    live = operation.locator(".live-responses-table .response")
    expect(live.locator(".response-col_status")).to_contain_text("200")
    shown = live.locator(".highlight-code").first.inner_text()
    operation.locator(".opblock-summary-control").click()
    return json.loads(shown[shown.index("{") : shown.rindex("}") + 1])


def prediction_keys(manifest: Manifest) -> set[str]:
    if isinstance(manifest.prediction, Classification):
        return {"label", "probability", "probabilities"}
    if isinstance(manifest.prediction, Regression):
        return {"value"}
    return {tensor.name for tensor in manifest.outputs}


@pytest.mark.parametrize("name", NAMES)
def test_a_model_s_examples_work_when_tried(visit: Visit, url: str, name: str) -> None:
    manifest = MANIFESTS[name]
    visit.page.goto(f"{url}/docs")
    answer = execute(section(visit.page, name).locator(f"#operations-{name}-predict-{name}"))
    assert (answer["model"], answer["version"]) == (name, manifest.version)
    (prediction,) = answer["predictions"]
    assert set(prediction) == prediction_keys(manifest)
    answer = execute(section(visit.page, name).locator(f"#operations-{name}-infer-{name}"))
    assert [output["name"] for output in answer["outputs"]] == [output.name for output in manifest.outputs]
    assert {f"{url}/models/{name}/predict", f"{url}/v2/models/{name}/infer"} <= set(visit.requests)


@pytest.mark.parametrize(("heading", "count"), [(NAMES[0], 7), ("Service", 4)])
def test_every_operation_below_a_heading_works_when_tried(visit: Visit, url: str, heading: str, count: int) -> None:
    visit.page.goto(f"{url}/docs")
    operations = section(visit.page, heading).locator(".opblock")
    expect(operations).to_have_count(count)
    for operation in operations.all():
        assert execute(operation)


@pytest.mark.parametrize("name", NAMES)
def test_a_model_is_shown_with_its_descriptions_and_units(visit: Visit, url: str, name: str) -> None:
    manifest = MANIFESTS[name]
    visit.page.goto(f"{url}/docs#/{name}/predict-{name}")
    heading = section(visit.page, name).locator(".opblock-tag")
    expect(heading).to_contain_text(manifest.title)
    expect(heading).to_contain_text(f"Version {manifest.version}")
    rows = visit.page.locator(f"#operations-{name}-predict-{name} .opblock-description tbody tr")
    parts: Sequence[Feature | TensorInput] = manifest.features or manifest.inputs
    expect(rows).to_have_count(len(parts))
    for row, part in zip(rows.all(), parts, strict=True):
        expect(row).to_be_visible()
        for text in (part.name, part.unit, part.description):
            expect(row).to_contain_text(text or "")


def test_the_index_leads_to_every_model(visit: Visit, url: str) -> None:
    for name in NAMES:
        visit.page.goto(url)
        card = visit.page.locator(f"article#{name}")
        expect(card).to_contain_text(MANIFESTS[name].description)
        expect(card.locator("pre")).to_contain_text(f"curl -sS {url}/models/{name}/predict")
        card.get_by_role("link", name="Try it").click()
        expect(visit.page.locator(f"#operations-{name}-predict-{name} .opblock-body")).to_be_visible()


def test_below_a_prefix_pages_and_models_are_all_found(visit: Visit, app: ASGIApp) -> None:
    """As behind a stage of API Gateway."""
    with served(Starlette(routes=[Mount(PREFIX, app)])) as address:
        visit.page.goto(f"{address}{PREFIX}/")
        visit.page.get_by_role("link", name="Try them in the docs").click()
        visit.page.wait_for_url(f"{address}{PREFIX}/docs")
        name = NAMES[0]
        answer = execute(section(visit.page, name).locator(f"#operations-{name}-predict-{name}"))
        assert answer["model"] == name
    assert all(urlsplit(request).path.startswith(f"{PREFIX}/") for request in visit.requests)


def test_the_browser_itself_would_refuse_a_foreign_script(visit: Visit, url: str) -> None:
    visit.page.goto(f"{url}/docs")
    refused = visit.page.evaluate(
        """() => new Promise((resolve) => {
            document.addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective));
            const script = document.createElement("script");
            script.textContent = "1";
            document.head.append(script);
        })"""
    )
    assert refused.startswith("script-src")
    assert any("Content Security Policy" in complaint for complaint in visit.complaints)
    visit.complaints.clear()
