"""The bill of materials of each image: valid, complete, and the same for the same image."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from local.errors import LocalError
from local.sbom import write_bills
from tests.integration.engine import Engine
from tests.sample_models import NAMES, load_sample

NOT_FOR_PREDICTIONS = {"boto3", "botocore", "fastapi", "mangum", "pip", "pydantic", "starlette", "uvicorn"}


@pytest.fixture(scope="module")
def bills(engine: Engine) -> dict[str, dict[str, Any]]:
    """By the function's folder."""
    models = {"inference": NAMES[0], "catalog": "", "authorizer": ""}
    return {function: engine.bill(engine.build(function, model=model)) for function, model in models.items()}


def of_the_function(bill: dict[str, Any]) -> dict[str, str]:
    """Version by name of the Python packages beside the function's code."""
    return {
        canonicalize_name(part["name"]): part["version"]
        for part in bill["components"]
        if any(place["location"].startswith("/var/task/") for place in part.get("evidence", {}).get("occurrences", []))
    }


def locked(lock: Path) -> dict[str, str]:
    """Version by name, on the base's Python."""
    # Each entry is a line, its digests continue it.
    lines = [line.removesuffix("\\").strip() for line in lock.read_text().splitlines() if line[:1].isalpha()]
    here = {"python_version": "3.13", "python_full_version": "3.13.5"}
    wanted = [Requirement(line) for line in lines]
    return {
        canonicalize_name(each.name): str(each.specifier).removeprefix("==")
        for each in wanted
        if each.marker is None or each.marker.evaluate(here)
    }


def test_every_bill_keeps_to_the_schema_of_cyclonedx(bills: dict[str, dict[str, Any]]) -> None:
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert {name: validator.validate_str(json.dumps(bill)) for name, bill in bills.items()} == dict.fromkeys(bills)
    assert validator.validate_str(json.dumps(bills["catalog"] | {"components": [{"name": "x"}]})) is not None


@pytest.mark.parametrize("function", ["inference", "catalog", "authorizer"])
def test_a_function_carries_what_its_lock_names_and_nothing_else(
    bills: dict[str, dict[str, Any]], repository: Path, function: str
) -> None:
    lock = locked(repository / "functions" / function / "requirements.txt")
    assert len(lock) > 5
    assert of_the_function(bills[function]) == lock


def test_the_data_plane_carries_neither_a_web_framework_nor_an_aws_client(bills: dict[str, dict[str, Any]]) -> None:
    assert not of_the_function(bills["inference"]).keys() & NOT_FOR_PREDICTIONS
    assert {"boto3", "fastapi", "mangum"} <= of_the_function(bills["catalog"]).keys()
    assert "onnxruntime" not in of_the_function(bills["catalog"])


def test_a_bill_names_the_model_with_its_artefacts_digest_and_the_bases_packages(
    bills: dict[str, dict[str, Any]], repository: Path
) -> None:
    def models(function: str) -> list[tuple[str, str, str]]:
        parts = bills[function]["components"]
        kind = "machine-learning-model"
        return [(p["name"], p["version"], p["hashes"][0]["content"]) for p in parts if p["type"] == kind]

    sample = load_sample(NAMES[0])
    lock = json.loads((repository / "models" / sample.name / "model.lock.json").read_text())
    assert models("inference") == [(sample.name, sample.model.version, lock["artifact"]["sha256"])]
    assert models("catalog") == [], "it carries what models declare, not the models"
    purls = {part.get("purl", "").partition("@")[0] for part in bills["inference"]["components"]}
    assert {"pkg:deb/debian/libc6", "pkg:deb/debian/python3.13"} <= purls


def test_one_image_has_one_bill(engine: Engine, bills: dict[str, dict[str, Any]]) -> None:
    assert engine.bill("localhost/serin/catalog:test") == bills["catalog"]
    assert len({bill["serialNumber"] for bill in bills.values()}) == len(bills)


def test_an_image_that_is_not_there_and_an_assembly_that_is_none_are_one_clear_line(
    engine: Engine, tmp_path: Path
) -> None:
    with pytest.raises(LocalError, match=r"^image localhost/serin/none: .*localhost/serin/none"):
        engine.bill("localhost/serin/none")
    with pytest.raises(LocalError, match=r"no \*\.assets\.json here; run `make deploy` first"):
        write_bills(tmp_path, tmp_path / "sbom", engine="podman")
    assert not (tmp_path / "sbom").exists()
