"""What the OpenAPI document says of releases."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import validate

from functions.catalog.app import create_app
from functions.catalog.credentials import Credentials
from functions.catalog.releases.history import MOST
from tests.functions.catalog.calls import call
from tests.functions.catalog.fixed_catalog import FixedCatalog
from tests.functions.catalog.releases.fixed_history import NAME, carried_out
from tests.functions.catalog.releases.test_routes import ask

PATHS = ("/releases/{model}", "/releases/{model}/{number}")


def description(credentials: Credentials | None) -> Any:
    return call(create_app(FixedCatalog(), credentials, carried_out()), "/openapi.json").json()


DOCUMENT = description(Credentials.API_KEY)


def schema_of(path: str) -> dict[str, Any]:
    """The schema of a good answer, with what it refers to."""
    content = DOCUMENT["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    return {**content["schema"], "components": DOCUMENT["components"]}


@pytest.mark.parametrize("credentials", [None, *Credentials])
def test_releases_ask_for_a_signature_whatever_the_others_ask_for(credentials: Credentials | None) -> None:
    document = description(credentials)
    validate(document)
    own = {path for path, item in document["paths"].items() if "'security'" in str(item)}
    assert own == set(PATHS)
    for path in PATHS:
        assert document["paths"][path]["get"]["security"] == [{"Signature": []}]
    assert "Signature" in document["components"]["securitySchemes"]
    assert [tag["name"] for tag in document["tags"][-2:]] == ["Service", "Releases"]


@pytest.mark.parametrize("path", PATHS)
def test_the_errors_have_the_one_shape(path: str) -> None:
    responses = DOCUMENT["paths"][path]["get"]["responses"]
    assert responses.keys() == {"200", "404", "405", "422", "503"}
    for status in responses.keys() - {"200"}:
        assert responses[status]["$ref"] == f"#/components/responses/Error{status}"
    assert "HTTPValidationError" not in DOCUMENT["components"]["schemas"]


def test_the_limit_is_described_as_it_is_read() -> None:
    parameters = {each["name"]: each for each in DOCUMENT["paths"][PATHS[0]]["get"]["parameters"]}
    assert parameters.keys() == {"model", "limit"}
    schema = parameters["limit"]["schema"]
    assert (schema["minimum"], schema["maximum"]) == (1, MOST)
    for limit, status in ((schema["minimum"], 200), (schema["maximum"], 200), (schema["maximum"] + 1, 422)):
        assert ask(f"/releases/{NAME}?limit={limit}").status_code == status


@pytest.mark.parametrize("path", PATHS)
def test_the_example_is_an_answer(path: str) -> None:
    content = DOCUMENT["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    jsonschema.validate(content["example"], schema_of(path), jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    ("path", "asked"),
    [(PATHS[0], f"/releases/{NAME}"), *((PATHS[1], f"/releases/{NAME}/{number}") for number in ("latest", "2", "1"))],
)
def test_answers_are_as_they_are_described(path: str, asked: str) -> None:
    jsonschema.validate(ask(asked).json(), schema_of(path), jsonschema.Draft202012Validator)
