from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from cli.packaging.manifest_text import Draft, flow, manifest_text
from serin.manifest import (
    Classification,
    Code,
    Dataset,
    Feature,
    Lineage,
    MissingFill,
    TensorInput,
    TensorOutput,
    Tolerance,
)
from serin.model_folder import load_manifest
from serin.protocol import Datatype

HOSTILE = (
    "no",
    "1.0",
    "null",
    "2024-01-01",
    ": #",
    "",
    "~",
    "'",
    '"',
    "\\",
    "a\nb",
    "\tx",
    "Ä ö",
    "- a",
    "{b: c}",
    "a\u2028b",
)

DRAFT = Draft(
    name="small",
    version="1.0.0",
    title="Small: # one",
    description="Two\nlines",
    operators=["com.microsoft.Tokenizer"],
    features=[
        Feature(name="no", type="int", range=(0.0, 90.0), example=7, input="x"),
        Feature(name="height", type="float", range=(0.0, 2.5), missing="allow", input="x", example=1.5),
        Feature(
            name=": #", type="string", categories=HOSTILE, missing=MissingFill(fill="null"), example="1.0", input="t"
        ),
    ],
    seen={"no": "seen: 1 to 45", ": #": "seen: 16 different texts"},
    inputs=[
        TensorInput(name="x", datatype=Datatype.FP32, shape=(-1, 2)),
        TensorInput(name="t", datatype=Datatype.BYTES, shape=(-1, 1)),
    ],
    outputs=[
        TensorOutput(name="p", datatype=Datatype.FP32, shape=(-1, 2), tolerance=Tolerance(absolute=0.5, relative=0))
    ],
    prediction=Classification(scores="p", labels=("no", "1.0"), positive="1.0", threshold=0.5),
    lineage=Lineage(
        data=Dataset(source="data.csv", sha256="0" * 64, rows=3),
        code=Code(path="model.joblib"),
        framework="scikit-learn 1.9.1",
        metrics={"accuracy": 0.5},
    ),
    rest={"serving": {"memory_mb": 256}},
)


@pytest.mark.parametrize("value", [*HOSTILE, list(HOSTILE), {"a": [1, None, 2.5, True]}, "x" * 5000, ("a", "b")])
def test_a_value_is_on_one_line_and_read_back_as_it_was(value: Any) -> None:
    text = flow(value)
    assert len(text.splitlines()) == 1
    assert yaml.safe_load(text) == (list(value) if isinstance(value, tuple) else value)


def test_everything_that_was_drafted_is_read_back(tmp_path: Path) -> None:
    (tmp_path / "model.yaml").write_text(manifest_text(DRAFT), encoding="utf-8")
    manifest = load_manifest(tmp_path / "model.yaml")
    for field in ("name", "version", "title", "description", "prediction", "lineage"):
        assert getattr(manifest, field) == getattr(DRAFT, field)
    assert list(manifest.features) == DRAFT.features
    assert list(manifest.inputs) == DRAFT.inputs
    assert list(manifest.outputs) == DRAFT.outputs
    assert list(manifest.artifact.operators) == DRAFT.operators
    assert manifest.serving.memory_mb == 256


def test_what_the_data_had_stands_beside_the_bounds_and_bounds_of_whole_numbers_are_whole() -> None:
    lines = manifest_text(DRAFT).splitlines()
    assert "    range: [0, 90] # seen: 1 to 45" in lines
    assert any(line.startswith("    categories: [") and line.endswith(" # seen: 16 different texts") for line in lines)
    free = msgspec.structs.replace(DRAFT.features[2], categories=None, missing="reject")
    alone = manifest_text(
        Draft(**{**vars(DRAFT), "features": [free]}),
    )
    assert "    # seen: 16 different texts" in alone.splitlines()


def test_what_is_as_usual_is_left_out() -> None:
    plain = manifest_text(Draft(**{**vars(DRAFT), "features": [], "operators": [], "rest": {}}))
    assert not {"artifact:", "features:", "serving:"} & set(plain.splitlines())
    assert "non_finite" not in plain
