"""The routes of releases, through the ASGI interface, over records that the real controller has written."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from functions.catalog.app import create_app
from functions.catalog.releases.history import ReleaseHistory
from functions.catalog.releases.queries import SIGNED
from tests.functions.catalog.calls import call, error_of
from tests.functions.catalog.fixed_catalog import FixedCatalog
from tests.functions.catalog.releases.fixed_history import NAME, FixedHistory, carried_out

HISTORY = carried_out()


def ask(path: str, history: ReleaseHistory = HISTORY, *, is_signed: bool = True, method: str = "GET") -> httpx.Response:
    """One answer, to a caller whose signature has been checked, or not."""
    app = create_app(FixedCatalog(), history=history)

    async def checked(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "state": {SIGNED: is_signed}}, receive, send)

    return call(checked, path, method=method)


def test_releases_are_listed_newest_first_with_what_they_are_at() -> None:
    answer = ask(f"/releases/{NAME}").json()
    assert answer["model"] == NAME
    assert [(each["number"], each["status"], each["weight"]) for each in answer["releases"]] == [
        (3, "baking", 0.05),
        (2, "rolled_back", 0.0),
        (1, "promoted", 1.0),
    ]
    assert answer["releases"][1] == {
        "number": 2,
        "status": "rolled_back",
        "new": {"deployment": "3", "version": "1.1.0"},
        "stable": {"deployment": "2", "version": "1.1.0"},
        "weight": 0.0,
        "step": 1,
        "steps": [5, 50],
        "started_at": "1970-01-01T00:18:40Z",
        "updated_at": "1970-01-01T00:19:20Z",
        "by": "a deploy",
        "start_reason": "",
        "reason": "39 requests",
        "verdict": "rollback",
        "words": "39 requests",
    }


@pytest.mark.parametrize(("query", "numbers"), [("", [3, 2, 1]), ("?limit=2", [3, 2]), ("?limit=50", [3, 2, 1])])
def test_a_limit_is_the_most_that_is_shown(query: str, numbers: list[int]) -> None:
    assert [each["number"] for each in ask(f"/releases/{NAME}{query}").json()["releases"]] == numbers


def test_the_model_version_of_the_stable_one_is_known_though_its_release_is_not_shown() -> None:
    (shown,) = ask(f"/releases/{NAME}?limit=1").json()["releases"]
    assert shown["stable"] == {"deployment": "2", "version": "1.1.0"}


def test_a_stable_version_that_no_release_tells_of_is_unknown() -> None:
    assert ask(f"/releases/{NAME}/1").json()["stable"] == {"deployment": "1", "version": "unknown"}


@pytest.mark.parametrize(
    "query",
    [
        "?limit=0",
        "?limit=51",
        "?limit=-1",
        "?limit=+1",
        "?limit=",
        "?limit=1.0",
        "?limit=1_0",
        "?limit=%201",
        "?limit=%D9%A1",
        "?limit=12345678901234567890",
        "?limit=secret-7f3a",
        "?limit",
        "?limit=1&limit=2",
        "?limit=1&limit=1",
        "?limit=1&secret-7f3a=1",
        "?secret-7f3a",
        "?Limit=1",
    ],
)
def test_any_other_query_is_refused_without_its_value(query: str) -> None:
    response = ask(f"/releases/{NAME}{query}")
    assert (response.status_code, error_of(response)) == (422, "invalid_input")
    assert "secret" not in response.text
    assert response.json()["error"].startswith("query")


def test_one_release_takes_no_query() -> None:
    response = ask(f"/releases/{NAME}/1?secret-7f3a=1")
    assert (response.status_code, error_of(response)) == (422, "invalid_input")
    assert "secret" not in response.text


@pytest.mark.parametrize(("number", "shown"), [("latest", 3), ("3", 3), ("2", 2), ("1", 1)])
def test_one_release_is_shown_by_its_number_or_as_the_last(number: str, shown: int) -> None:
    assert ask(f"/releases/{NAME}/{number}").json()["number"] == shown


@pytest.mark.parametrize("number", ["4", "0", "-1", "01", "1.0", "last", "LATEST", "1e0", "9" * 40, "secret-7f3a"])
def test_a_number_that_no_release_has_is_404(number: str) -> None:
    response = ask(f"/releases/{NAME}/{number}")
    assert (response.status_code, error_of(response)) == (404, "not_found")
    assert "secret" not in response.text


@pytest.mark.parametrize("path", ["/releases/nobody", "/releases/nobody/latest", "/releases/nobody/1"])
def test_another_model_is_404_and_no_record_is_asked_for(path: str) -> None:
    history = FixedHistory()
    response = ask(path, history)
    assert (response.status_code, error_of(response)) == (404, "model_not_found")
    assert "nobody" not in response.text
    assert history.asked == []


def test_a_model_without_a_release_has_an_empty_list_and_no_last_one() -> None:
    assert ask("/releases/loan").json() == {"model": "loan", "releases": []}
    assert error_of(ask("/releases/loan/latest")) == "not_found"


@pytest.mark.parametrize("path", [f"/releases/{NAME}", f"/releases/{NAME}/latest", f"/releases/{NAME}/1"])
def test_records_that_cannot_be_read_are_503(path: str) -> None:
    response = ask(path, FixedHistory(is_readable=False))
    assert (response.status_code, error_of(response)) == (503, "model_not_ready")


@pytest.mark.parametrize("path", [f"/releases/{NAME}", f"/releases/{NAME}/latest", f"/releases/{NAME}?limit=0"])
def test_whoever_is_not_known_by_a_signature_finds_no_such_route(path: str) -> None:
    history = carried_out()
    unsigned = ask(path, history, is_signed=False)
    assert (unsigned.status_code, error_of(unsigned)) == (404, "not_found")
    assert unsigned.json()["error"] == call(create_app(FixedCatalog()), path).json()["error"]
    assert error_of(call(create_app(FixedCatalog(), history=history), path)) == "not_found"
    assert history.asked == []


@pytest.mark.parametrize("path", ["/releases", "/releases/", f"/releases/{NAME}/", f"/releases/{NAME}/1/2"])
def test_other_paths_below_are_no_routes(path: str) -> None:
    assert error_of(ask(path)) == "not_found"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD"])
def test_releases_are_read_alone(method: str) -> None:
    response = ask(f"/releases/{NAME}", method=method)
    assert (response.status_code, response.headers["allow"]) == (405, "GET")


def test_without_a_table_there_are_no_routes_of_releases() -> None:
    document = call(create_app(FixedCatalog()), "/openapi.json")
    assert "releases" not in document.text.lower()
    assert error_of(call(create_app(FixedCatalog()), f"/releases/{NAME}")) == "not_found"
