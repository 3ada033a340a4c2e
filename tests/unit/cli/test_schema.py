from __future__ import annotations

import json
from typing import Any

import pytest

from cli.main import run
from cli.schema import manifest_schema


def nodes(node: Any) -> list[dict[str, Any]]:
    """Every object in ``node``."""
    below = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return [*([node] if isinstance(node, dict) else []), *(found for child in below for found in nodes(child))]


def test_the_command_prints_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == manifest_schema()


def test_every_reference_leads_somewhere() -> None:
    schema = manifest_schema()
    references = {node["$ref"] for node in nodes(schema) if "$ref" in node}
    assert references == {f"#/$defs/{name}" for name in schema["$defs"]}


def test_patterns_are_written_as_editors_read_them() -> None:
    patterns = [node["pattern"] for node in nodes(manifest_schema()) if isinstance(node.get("pattern"), str)]
    assert patterns
    assert all(pattern.startswith("^") and pattern.endswith("$") for pattern in patterns)


def test_unknown_keys_are_errors_in_the_editor_too() -> None:
    sections = [node for node in nodes(manifest_schema()) if node.get("type") == "object" and "properties" in node]
    assert all(section["additionalProperties"] is False for section in sections)
