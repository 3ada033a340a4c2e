"""Releases as items of a DynamoDB table: the whole record as JSON, beside the attributes that conditions look at.

Key: ``model`` (text) and ``number``. A write is conditional on ``revision``, the one that was read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from serin.release.admission import Admission
from serin.release.judgement import Evidence, Judgement, Verdict
from serin.release.record import Release, Settings, Status, Traffic, Wish, WishKind
from serin.release.window import Window

Item = dict[str, dict[str, str]]
"""An item as DynamoDB's API has it, texts (S) and numbers (N) only."""


def to_item(release: Release) -> Item:
    """``release`` as an item."""
    return {
        "model": {"S": release.model},
        "number": {"N": str(release.number)},
        "revision": {"N": str(release.revision)},
        "status": {"S": release.status.value},
        "record": {"S": json.dumps(to_json(release))},
    }


def from_item(item: Mapping[str, Mapping[str, str]]) -> Release:
    """The release that ``to_item`` made ``item`` of. Raises KeyError, TypeError or ValueError for any other."""
    return from_json(json.loads(item["record"]["S"]))


def to_json(release: Release) -> dict[str, Any]:
    """``release`` as what JSON can say; also what is shown to people and told in events."""
    document: dict[str, Any] = _plain(release)
    return document


def _plain(value: Any) -> Any:
    """``dataclasses.asdict`` counts the pairs of a Counter instead of copying it."""
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): each for key, each in value.items()}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value


def from_json(document: Mapping[str, Any]) -> Release:
    """The release that ``to_json`` made ``document`` of."""
    ending, judgement, wish = document["ending"], document["judgement"], document["wish"]
    parts: dict[str, Any] = {
        "settings": read_settings(document["settings"]),
        "target": Traffic(**document["target"]),
        "previous": Traffic(**document["previous"]),
        "status": Status(document["status"]),
        "ending": None if ending is None else Status(ending),
        "admission": _admission(document.get("admission")),
        "new_window": _window(document["new_window"]),
        "stable_window": _window(document["stable_window"]),
        "judgement": None if judgement is None else _judgement(judgement),
        "ignored_alarms": tuple(document["ignored_alarms"]),
        "untold": tuple(document["untold"]),
        "wish": None if wish is None else Wish(**{**wish, "kind": WishKind(wish["kind"])}),
    }
    return Release(**{**document, **parts})


def read_settings(document: Mapping[str, Any]) -> Settings:
    """Settings out of JSON. Raises TypeError for an unknown one."""
    return Settings(**{**document, "steps": tuple(document["steps"])})


def _window(document: Mapping[str, Any]) -> Window:
    latencies = {name: _bounds(document[name]) for name in ("latencies", "replayed_latencies")}
    return Window(**{**document, **latencies})


def _bounds(counts: Mapping[str, int]) -> dict[float, int]:
    """JSON has texts for keys."""
    return {float(bound): count for bound, count in counts.items()}


def _admission(document: Mapping[str, Any] | None) -> Admission | None:
    """None of a record that was written before there were any, too."""
    return None if document is None else Admission(**{**document, "problems": tuple(document["problems"])})


def _judgement(document: Mapping[str, Any]) -> Judgement:
    evidence = tuple(Evidence(**{**each, "verdict": Verdict(each["verdict"])}) for each in document["evidence"])
    return Judgement(verdict=Verdict(document["verdict"]), why=document["why"], evidence=evidence)
