"""The manifest's reference page, written from its JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from cli.schema import manifest_schema

Schema = dict[str, Any]

_HEAD: Final = """# `model.yaml`

Every key of a model's manifest. This page and the [JSON Schema](model.schema.json) are written by `make docs` from
the types in `layers/runtime/python/serin/manifest.py`. Unknown keys are errors, and so is a key that stands twice.

With this first line an editor that speaks the YAML language server completes and checks the file:

```yaml
# yaml-language-server: $schema=../../docs/model.schema.json
```

Rules between keys (a feature's input must exist, `steps` must rise, SnapStart excludes provisioned concurrency ...)
are checked when the file is read; the message names the file, the key and what to do.
"""

_LIMITS: Final = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "above {}",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "maxLength": "at most {} characters",
}


def manifest_reference_text() -> str:
    """The page, in Markdown."""
    schema = manifest_schema()
    definitions: dict[str, Schema] = schema["$defs"]
    sections = (_section(name, definition) for name, definition in definitions.items())
    return "\n".join((_HEAD, *sections))


def _section(name: str, definition: Schema) -> str:
    lines = [f"## {name}", "", _sentence(definition.get("description", ""))]
    if "enum" in definition:
        return "\n".join((*lines, "", "One of " + _alternatives(definition["enum"]) + ".", ""))
    if rows := list(_rows(definition)):
        lines += ["", "| key | type | default | meaning |", "| --- | --- | --- | --- |", *rows]
    return "\n".join((*lines, ""))


def _rows(definition: Schema) -> Iterator[str]:
    required = set(definition.get("required", ()))
    for key, schema in definition["properties"].items():
        default = "**required**" if key in required else _default(schema)
        meaning = " ".join(filter(None, (_sentence(_description(schema)), _limits(schema))))
        yield f"| `{key}` | {_type(schema)} | {default} | {meaning.replace('|', '&#124;')} |"


def _default(schema: Schema) -> str:
    if "default" not in schema:
        return ""
    default = schema["default"]
    return "" if default in (None, "", {}, []) else f"`{json.dumps(default)}`"


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(item) for item in schema["anyOf"] if item.get("type") != "null"))
    if "enum" in schema:
        return _alternatives(schema["enum"])
    if schema.get("type") == "array":
        items = schema.get("prefixItems")
        return f"[{', '.join(map(_type, items))}]" if items else f"list of {_type(schema.get('items', {}))}"
    if schema.get("type") == "object":
        return f"map to {_type(schema['additionalProperties'])}"
    return str(schema.get("type", "any"))


def _alternatives(values: list[Any]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _description(schema: Schema) -> str:
    own = schema.get("description", "")
    return own or next((d for d in (_description(item) for item in schema.get("anyOf", ())) if d), "")


def _limits(schema: Schema) -> str:
    found = [text.format(schema[key]) for key, text in _LIMITS.items() if key in schema and "prefixItems" not in schema]
    found += [limits for item in schema.get("anyOf", ()) if (limits := _limits(item).rstrip("."))]
    return _sentence("; ".join(found))


def _sentence(text: str) -> str:
    text = text.strip().replace("``", "`")
    return text[:1].upper() + text[1:] + ("" if not text or text.endswith((".", "?", "!")) else ".")
