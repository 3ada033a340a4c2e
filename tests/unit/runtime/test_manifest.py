"""Manifests that are wrong in one place, and the one line that says where."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from serin.model_folder import load_manifest, load_model_folder
from tests.small_models.catalogue import FLOWER, SHOP
from tests.small_models.faults import Change, drop, put, refusal, rewrite

CRON: Final = (
    "serving.provisioned_concurrency.schedule: must be written like cron(0 7 ? * MON-FRI *): minutes, hours, "
    "day of month, month, day of week, year; one day is `?`"
)


def scheduled(cron: str) -> dict[str, Any]:
    """A serving section with warm instances from ``cron`` on."""
    return {"provisioned_concurrency": {"min": 1, "max": 2, "schedule": cron, "until": "cron(0 19 ? * MON-FRI *)"}}


FLOWER_CHANGES: Final[dict[str, tuple[Change, str]]] = {
    "a schema from the future": (put("schema", "serin/model/v2"), "schema: invalid enum value 'serin/model/v2'"),
    "no schema": (drop("schema"), "schema: is required"),
    "a key misspelt": (put("artefact", {}), "artefact: unknown key; did you mean `artifact`?"),
    "a key misspelt inside": (put("features.0.rnage", [0, 1]), "features[0].rnage: unknown key; did you mean `range`?"),
    "a key like no other": (put("zzzzzz", 1), "zzzzzz: unknown key"),
    "a key of two lines": (put("two\nlines", 1), "two lines: unknown key"),
    "a version that YAML reads as a number": (put("version", 1.1), "version: expected `str`, got `float`"),
    "a label that YAML reads as a flag": (
        put("prediction.labels.0", False),
        "prediction.labels[0]: expected `str`, got `bool`",
    ),
    "another folder's name": (put("name", "tree"), "name: must be the folder's name, 'flower'"),
    "an artifact in another folder": (
        put("artifact", {"file": "../model.onnx"}),
        "artifact.file: expected `str` matching regex '^[A-Za-z0-9][A-Za-z0-9_.-]*\\\\Z'",
    ),
    "an artifact of another kind": (
        put("artifact", {"file": "model.pkl"}),
        "artifact.file: must end in .onnx, the declared format",
    ),
    "a feature twice": (put("features.1.name", "petal length"), "features: name 'petal length' stands 2 times"),
    "a name that JSON would have to escape": (
        put("features.1.name", 'sepal "length"'),
        "features[1].name: expected `str` matching regex '^[^\\\\x00-\\\\x1f\\\\x7f\"\\\\\\\\]+\\\\Z'",
    ),
    "no feature type": (drop("features.0.type"), "features[0].type: is required"),
    "an unknown feature type": (put("features.0.type", "double"), "features[0].type: invalid enum value 'double'"),
    "a type that does not fit": (
        put("features.0.type", "string"),
        "features[0].type: string does not fit input 'X' of datatype FP32",
    ),
    "an input that is not there": (put("features.0.input", "Y"), "features[0].input: no input is named 'Y'; inputs: X"),
    "a range upside down": (
        put("features.0.range", [10, 0]),
        "features[0].range: the lower bound is above the upper one",
    ),
    "a range of one number": (put("features.0.range", [1]), "features[0].range: expected `array` of length 2, got 1"),
    "categories of a number": (
        put("features.0.categories", ["a"]),
        "features[0].categories: only a string feature has categories",
    ),
    "an example out of range": (put("features.0.example", 11), "features[0].example: is outside the range"),
    "an example of another type": (put("features.0.example", "1"), "features[0].example: is not a float"),
    "an example that is a flag": (put("features.0.example", True), "features[0].example: is not a float"),
    "a fill beyond the datatype": (
        put("features.1.missing", {"fill": 1e300}),
        "features[1].missing.fill: does not fit FP32",
    ),
    "an unknown policy": (put("features.0.missing", "skip"), "features[0].missing: invalid enum value 'skip'"),
    "a tensor too narrow": (
        put("inputs.0.shape", [-1, 3]),
        "inputs[0].shape: must be [-1, 2] to hold its 2 feature(s)",
    ),
    "a rule in two places": (
        put("inputs.0.range", [0, 1]),
        "inputs[0].range: is said by the features that go into this input; take it out here",
    ),
    "an unknown datatype": (put("inputs.0.datatype", "FLOAT"), "inputs[0].datatype: invalid enum value 'FLOAT'"),
    "an axis below -1": (put("inputs.0.shape", [-2, 2]), "inputs[0].shape[0]: expected `int` >= -1"),
    "no inputs": (put("inputs", []), "inputs: expected `array` of length >= 1"),
    "an unknown task": (put("prediction.task", "guessing"), "prediction.task: invalid value 'guessing'"),
    "no task": (drop("prediction.task"), "prediction.task: is required"),
    "scores that are not there": (
        put("prediction.scores", "logits"),
        "prediction.scores: no output is named 'logits'; outputs: scores",
    ),
    "a label too many": (
        put("prediction.labels", ["a", "b", "c"]),
        "prediction.scores: output 'scores' must have shape [-1, 3]",
    ),
    "a label twice": (put("prediction.labels", ["a", "a"]), "prediction.labels: a label stands twice"),
    "a positive that is no label": (put("prediction.positive", "oak"), "prediction.positive: is not one of the labels"),
    "a positive without threshold": (
        drop("prediction.threshold"),
        "prediction.threshold: `positive` and `threshold` go together",
    ),
    "a threshold above one": (put("prediction.threshold", 1.5), "prediction.threshold: expected `float` <= 1.0"),
    "too short a time-out": (put("serving.timeout_seconds", 0), "serving.timeout_seconds: expected `int` >= 1"),
    "release steps that fall": (put("release", {"steps": [50, 25]}), "release.steps: must rise"),
    "a release that ends before it began": (
        put("release", {"bake_minutes": 60, "max_duration_minutes": 30}),
        "release.max_duration_minutes: is shorter than bake_minutes",
    ),
    "warm instances and SnapStart": (
        put("serving", {"snap_start": True, "provisioned_concurrency": {"min": 1, "max": 2}}),
        "serving.provisioned_concurrency: excludes snap_start; choose one",
    ),
    "fewer warm instances at most than at least": (
        put("serving", {"provisioned_concurrency": {"min": 3, "max": 2}}),
        "serving.provisioned_concurrency.min: is above max",
    ),
    "a schedule without an end": (
        put("serving", {"provisioned_concurrency": {"min": 1, "max": 2, "schedule": "cron(0 6 * * ? *)"}}),
        "serving.provisioned_concurrency.schedule: `schedule` and `until` go together",
    ),
    "an end without a schedule": (
        put("serving", {"provisioned_concurrency": {"min": 1, "max": 2, "until": "cron(0 6 * * ? *)"}}),
        "serving.provisioned_concurrency.schedule: `schedule` and `until` go together",
    ),
    "a schedule of five fields": (put("serving", scheduled("cron(0 6 * * ?)")), CRON),
    "a schedule with both days": (put("serving", scheduled("cron(0 6 * * * *)")), CRON),
    "a schedule in words": (put("serving", scheduled("rate(1 day)")), CRON),
}


@pytest.mark.parametrize("what", FLOWER_CHANGES)
def test_a_fault_in_the_manifest_is_one_line_with_file_and_field(what: str, tmp_path: Path) -> None:
    change, line = FLOWER_CHANGES[what]
    folder = FLOWER.write(tmp_path)
    rewrite(folder, change)
    assert refusal(lambda: load_model_folder(folder), folder) == f"model.yaml: {line}"


SHOP_CHANGES: Final[dict[str, tuple[Change, str]]] = {
    "a range of texts": (put("features.0.range", [0, 1]), "features[0].range: a string has no range"),
    "a category twice": (
        put("features.0.categories", ["Rome", "Rome"]),
        "features[0].categories: a category stands twice",
    ),
    "a fill that is no category": (
        put("features.0.missing", {"fill": "Bonn"}),
        "features[0].missing.fill: is not one of the categories",
    ),
    "a missing integer passed on": (
        put("features.1.missing", "allow"),
        "features[1].missing: `allow` needs a floating input; 'visits' is INT64: use {fill: ...}",
    ),
    "an input that two features go into": (
        put("features.2.input", "visits"),
        "inputs[1].shape: must be [-1, 2] to hold its 2 feature(s)",
    ),
    "an input that no feature goes into": (
        drop("features.2"),
        "inputs[2].name: no feature goes into this input; name it in a feature's `input`",
    ),
    "a value that is text": (
        put("prediction.value", "city"),
        "prediction.value: no output is named 'city'; outputs: spending",
    ),
    "a clip upside down": (put("prediction.clip", [1, 0]), "prediction.clip: the lower bound is above the upper one"),
}


@pytest.mark.parametrize("what", SHOP_CHANGES)
def test_a_fault_among_mixed_features_is_one_line_too(what: str, tmp_path: Path) -> None:
    change, line = SHOP_CHANGES[what]
    folder = SHOP.write(tmp_path)
    rewrite(folder, change)
    assert refusal(lambda: load_model_folder(folder), folder) == f"model.yaml: {line}"


# --- YAML -----------------------------------------------------------------------------------------------------

YAML_FAULTS: Final[dict[str, tuple[bytes, str]]] = {
    "nothing": (b"", "expected `object`, got `null`"),
    "a list": (b"[]", "expected `object`, got `array`"),
    "no UTF-8": (b"name: \xff", "is not UTF-8 text"),
    "a control character": (b"name: \x01", "is not readable YAML"),
    "a tab": (b"name: a\n\tversion: b", "line 2: found character '\\t' that cannot start any token"),
    "two documents": (b"--- 1\n--- 2", "line 2: but found another document"),
    "no end": (b"name: [", "line 1: expected the node content, but found '<stream end>'"),
    "too deep": (b"[" * 5000, "is not readable YAML"),
    "a key twice": (b"name: a\nversion: 1\nname: b", "line 3: key 'name' stands twice"),
    "a key twice, inside": (b"a:\n  b: 1\n  b: 2", "line 3: key 'b' stands twice"),
    "a number for a key": (b"1: a", "line 1: a key is not text; quote it"),
    "a list for a key": (b"? [a]\n: b", "line 1: a key is not text; quote it"),
    "a flag for a key": (b"on: a", "line 1: a key is not text; quote it"),
    "a merge": (b"<<: {a: 1}", "line 1: could not determine a constructor for the tag 'tag:yaml.org,2002:merge'"),
    "a Python object": (
        b"a: !!python/object/apply:os.getcwd []",
        "line 1: could not determine a constructor for the tag 'tag:yaml.org,2002:python/object/apply:os.getcwd'",
    ),
    "a name that is bound to itself": (b"a: &a [*a]", "line 1: found unconstructable recursive node"),
    "a name that nothing is bound to": (b"a: *b", "line 1: found undefined alias 'b'"),
    "NaN": (b"a: .nan", "line 1: a number must be finite"),
    "an infinity": (b"a: [1,\n-.inf]", "line 2: a number must be finite"),
    "a tag that does not hold": (b"a: !!int x", "line 1: is no valid int"),
    "a date that is none": (b"a: !!timestamp x", "line 1: is no valid timestamp"),
    "5,000 digits": (b"a: " + b"7" * 5000, "line 1: is no valid int"),
    "a date is text": (b"a: 2026-11-21", "a: unknown key"),
}


@pytest.mark.parametrize("what", YAML_FAULTS)
def test_yaml_that_says_more_than_plain_values_is_refused_with_its_line(what: str, tmp_path: Path) -> None:
    text, line = YAML_FAULTS[what]
    file = tmp_path / "model.yaml"
    file.write_bytes(text)
    assert refusal(lambda: load_manifest(file), tmp_path) == f"model.yaml: {line}"


def test_a_value_may_be_named_and_used_again(tmp_path: Path) -> None:
    file = tmp_path / "model.yaml"
    document = FLOWER.document()
    document["features"][0]["range"] = document["features"][1]["range"] = [0, 10]
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    assert "*" in file.read_text()
    assert [feature.range for feature in load_manifest(file).features] == [(0, 10), (0, 10)]
