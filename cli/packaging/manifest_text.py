"""model.yaml as a person would write it: sections in order, comments where something is to be decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import yaml

from serin.manifest import SCHEMA, Feature, Lineage, Prediction, TensorInput, TensorOutput

EDITOR: Final = "# yaml-language-server: $schema=../../docs/model.schema.json"
_WIDTH: Final = 10**6
"""A value stays on its line."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What model.yaml will say. ``seen``: what the data had, by feature, as a comment. ``rest``: further sections, as a
    person has set them.
    """

    name: str
    version: str
    title: str
    description: str
    operators: Sequence[str]
    features: Sequence[Feature]
    seen: Mapping[str, str]
    inputs: Sequence[TensorInput]
    outputs: Sequence[TensorOutput]
    prediction: Prediction
    lineage: Lineage
    rest: Mapping[str, Any] = field(default_factory=dict)


def manifest_text(draft: Draft) -> str:
    """The whole file."""
    return "\n".join(_lines(draft)) + "\n"


def _lines(draft: Draft) -> Iterator[str]:
    yield EDITOR
    yield f"schema: {SCHEMA}"
    yield f"name: {draft.name}"
    yield f"version: {draft.version}"
    yield f"title: {flow(draft.title)} # one line for people"
    yield f"description: {flow(draft.description)} # what it answers, for whom, and what it must not be used for"
    if draft.operators:
        yield ""
        yield "artifact:"
        yield f"  operators: {flow(list(draft.operators))} # beyond the standard ones, see docs/admission.md"
    if draft.features:
        yield ""
        yield "# Read from the data. Say what each value means, and in which unit; let in what may come, and no more."
        yield "features:"
        for feature in draft.features:
            yield from _feature(feature, draft.seen.get(feature.name))
    yield ""
    yield "inputs:"
    yield from (f"  - {flow(_builtins(tensor))}" for tensor in draft.inputs)
    yield ""
    yield "outputs:"
    yield from (f"  - {flow(_builtins(tensor))}" for tensor in draft.outputs)
    yield ""
    yield "prediction:"
    yield from _section(_builtins(draft.prediction))
    yield ""
    yield "lineage:"
    yield from _section(_builtins(draft.lineage))
    for name, section in draft.rest.items():
        yield ""
        yield f"{name}:"
        yield from _section(section)


def _feature(feature: Feature, seen: str | None) -> Iterator[str]:
    entries = _builtins(feature)
    yield f"  - name: {flow(entries.pop('name'))}"
    for key, value in entries.items():
        comment = f" # {seen}" if seen and key in {"range", "categories"} else ""
        yield f"    {key}: {flow(_whole(value) if feature.type == 'int' else value)}{comment}"
    if seen and not {"range", "categories"} & entries.keys():
        yield f"    # {seen}"


def _section(section: Mapping[str, Any], indent: str = "  ") -> Iterator[str]:
    for key, value in section.items():
        if isinstance(value, dict) and key not in {"missing", "tolerance"}:
            yield f"{indent}{key}:"
            yield from _section(value, indent + "  ")
        else:
            yield f"{indent}{key}: {flow(value)}"


def _builtins(section: msgspec.Struct) -> dict[str, Any]:
    """What differs from the defaults."""
    plain: dict[str, Any] = msgspec.to_builtins(section)
    return {key: value for key, value in plain.items() if value != {}}


def _whole(value: Any) -> Any:
    """Bounds of whole numbers are whole."""
    if isinstance(value, list | tuple):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def flow(value: Any) -> str:
    """A value on one line, quoted where YAML would take it for something else."""
    plain = list(value) if isinstance(value, tuple) else value
    text = yaml.dump(plain, Dumper=_Dumper, default_flow_style=True, width=_WIDTH, allow_unicode=True, sort_keys=False)
    return text.removesuffix("\n...\n").rstrip("\n")


class _Dumper(yaml.SafeDumper):
    """Safe YAML whose texts stay on their line: one with breaks is written with escapes."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if len(text.splitlines()) > 1 or text.endswith(("\n", "\r")) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _text)
