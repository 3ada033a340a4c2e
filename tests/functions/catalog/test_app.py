"""The control plane's routes, through the ASGI interface."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

import httpx
import pytest
from openapi_spec_validator import validate

from functions.catalog.app import create_app
from functions.catalog.credentials import Credentials
from serin.protocol import PROTOCOL_EXTENSIONS
from tests.functions.catalog.calls import call, error_of
from tests.functions.catalog.fixed_catalog import FixedCatalog
from tests.functions.catalog.sample_manifests import MANIFESTS

APP = create_app(FixedCatalog())
CONTROL_ROUTES = ("/v2", "/v2/health/live", "/v2/health/ready", "/v2/models")
OTHER_ROUTES = ("/", "/docs", "/openapi.json", "/docs-assets/docs.js")


def test_the_server_names_itself_and_its_extensions() -> None:
    assert call(APP, "/v2").json() == {"name": "serin", "version": "0.1.0", "extensions": list(PROTOCOL_EXTENSIONS)}


def test_a_live_server_says_so() -> None:
    assert call(APP, "/v2/health/live").json() == {"live": True}


def test_the_server_is_ready_when_every_model_is() -> None:
    response = call(APP, "/v2/health/ready")
    assert (response.status_code, response.json()) == (200, {"ready": True})


def test_one_model_that_is_not_ready_is_named() -> None:
    response = call(create_app(FixedCatalog(unready=frozenset({"loan"}))), "/v2/health/ready")
    assert (response.status_code, error_of(response)) == (503, "model_not_ready")
    assert response.json()["error"] == "not ready: loan"


def test_a_server_without_models_is_live_and_not_ready() -> None:
    app = create_app(FixedCatalog(()))
    assert call(app, "/v2/health/live").status_code == 200
    assert call(app, "/v2/health/ready").status_code == 503


def test_models_are_listed_with_version_and_state() -> None:
    listing = call(create_app(FixedCatalog(unready=frozenset({"loan"}))), "/v2/models").json()
    assert [model["name"] for model in listing["models"]] == [manifest.name for manifest in MANIFESTS]
    iris, loan, *_ = listing["models"]
    assert iris == {
        "name": "iris",
        "version": "1.2.0",
        "title": "Which iris is it?",
        "state": "ready",
        "serving": [{"version": "1.2.0", "weight": 1.0}],
    }
    assert loan["state"] == "unavailable"


@pytest.mark.parametrize("path", [*CONTROL_ROUTES, *OTHER_ROUTES])
def test_every_route_answers_get_and_refuses_the_rest(path: str) -> None:
    assert call(APP, path).status_code == 200
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "HEAD"):
        response = call(APP, path, method=method)
        assert (response.status_code, response.headers["allow"]) == (405, "GET")
        assert method == "HEAD" or error_of(response) == "method_not_allowed"


@pytest.mark.parametrize(
    "path",
    ["/nope", "/docs/", "/v2/", "/models/iris/predict", "/v2/models/iris", "/docs-assets/../app.py", "/redoc"],
)
def test_an_unknown_path_is_one_clear_error(path: str) -> None:
    response = call(APP, path)
    assert (response.status_code, error_of(response)) == (404, "not_found")


@pytest.mark.parametrize("path", [*CONTROL_ROUTES, *OTHER_ROUTES, "/nope"])
def test_every_answer_has_an_id_and_safe_headers(path: str) -> None:
    headers = call(APP, path).headers
    assert len(headers["x-request-id"]) == 36
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]


def test_a_bug_is_a_500_in_the_one_shape() -> None:
    class Broken(FixedCatalog):
        def status(self) -> NoReturn:
            raise RuntimeError("secret detail")

    response = call(create_app(Broken()), "/v2/models")
    assert (response.status_code, error_of(response)) == (500, "internal_error")
    assert "secret" not in response.text


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ({}, "text/html"),
        ({"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}, "text/html"),
        ({"accept": "application/json"}, "application/json"),
        ({"accept": "Application/JSON;q=1, text/html"}, "application/json"),
        ({"accept": ";;,,\x7f"}, "text/html"),
    ],
)
def test_the_index_is_a_page_unless_json_is_asked_for(accept: Mapping[str, str], kind: str) -> None:
    response = call(APP, "/", headers=accept)
    assert response.headers["content-type"].partition(";")[0] == kind
    assert response.headers["vary"] == "accept"


@pytest.mark.parametrize("root", ["", "/dev"])
def test_the_json_index_leads_to_every_model(root: str) -> None:
    index = call(APP, "/", headers={"accept": "application/json"}, root_path=root).json()
    assert index["docs"] == f"{root}/docs"
    assert index["models"][0] == {
        "name": "iris",
        "version": "1.2.0",
        "title": "Which iris is it?",
        "predict": f"{root}/models/iris/predict",
        "metadata": f"{root}/v2/models/iris",
    }


def test_below_a_prefix_the_description_names_it() -> None:
    assert "servers" not in call(APP, "/openapi.json").json()
    assert call(APP, "/openapi.json", root_path="/dev").json()["servers"] == [{"url": "/dev"}]


CREDENTIALS: tuple[Credentials | None, ...] = (None, *Credentials)


def description(credentials: Credentials | None) -> httpx.Response:
    return call(create_app(FixedCatalog(), credentials), "/openapi.json")


@pytest.mark.parametrize("credentials", CREDENTIALS)
def test_the_description_is_valid_and_has_both_planes(credentials: Credentials | None) -> None:
    document = description(credentials).json()
    validate(document)
    assert set(CONTROL_ROUTES) | {"/models/iris/predict", "/v2/models/odd/infer"} <= set(document["paths"])
    assert [tag["name"] for tag in document["tags"]] == [*(manifest.name for manifest in MANIFESTS), "Service"]


@pytest.mark.parametrize(
    ("credentials", "name", "kind"),
    [
        (Credentials.API_KEY, "ApiKey", "apiKey"),
        (Credentials.IAM, "Signature", "apiKey"),
        (Credentials.JWT, "Bearer", "http"),
    ],
)
def test_every_route_asks_for_what_the_gateway_asks_for(credentials: Credentials, name: str, kind: str) -> None:
    document = description(credentials).json()
    assert document["security"] == [{name: []}]
    assert document["components"]["securitySchemes"][name]["type"] == kind
    # An operation's own word would stand before it.
    assert not [path for path, item in document["paths"].items() if "security" in str(item.values())]


def test_where_nothing_is_asked_for_nothing_is_said() -> None:
    assert "securit" not in description(None).text


def test_the_docs_page_names_its_parts_relative_to_itself() -> None:
    page = call(APP, "/docs").text
    for part in ("swagger-ui.css", "docs.css", "swagger-ui-bundle.js", "docs.js"):
        assert f'"docs-assets/{part}"' in page
        asset = call(APP, f"/docs-assets/{part}")
        assert asset.status_code == 200
        assert asset.headers["content-type"].startswith("text/css" if part.endswith("css") else "text/javascript")
        assert asset.headers["cache-control"] == "public, max-age=3600"
    assert "//" not in page
