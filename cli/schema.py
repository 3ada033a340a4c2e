"""The JSON Schema of ``model.yaml``, as it is published for editors."""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec

from serin.manifest import SCHEMA, Manifest

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def manifest_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of ``model.yaml``."""
    schema = msgspec.json.schema(Manifest)
    portable: dict[str, Any] = _portable(schema)
    return {"$schema": DIALECT, "title": f"model.yaml ({SCHEMA})", **portable}


def manifest_schema_text() -> str:
    """The same as text: two spaces a level, a newline at its end."""
    return json.dumps(manifest_schema(), indent=2, ensure_ascii=False) + "\n"


def _portable(node: Any) -> Any:
    r"""``node`` with its patterns as ECMA-262 reads them, which has no ``\Z``."""
    if isinstance(node, list | tuple):
        return [_portable(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: value.replace(r"\Z", "$") if key == "pattern" and isinstance(value, str) else _portable(value)
        for key, value in node.items()
    }
