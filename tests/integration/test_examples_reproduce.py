"""The sample models: what is committed is what their scripts make, and what their papers say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import onnx
import pandas as pd
import pytest

from examples.packaging import Training, check_lineage, numeric_bins, write_folder
from serin.baseline import BASELINE_SCHEMA, Baseline
from serin.errors import ModelFolderError
from serin.golden import read_golden
from serin.manifest import Classification
from serin.model_folder import GOLDEN_FILE, MANIFEST_FILE, load_manifest, load_model_folder

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted(ROOT.glob("examples/*/train.py"))
FOLDERS = sorted(file.parent for file in ROOT.glob(f"models/*/{MANIFEST_FILE}"))
BY_PEOPLE = {"README.md", "CHANGELOG.md"}


def folder_of(script: Path) -> Path:
    return ROOT / "models" / script.parent.name.replace("_", "-")


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_every_sample_model_has_its_script() -> None:
    assert FOLDERS
    assert [folder_of(script) for script in SCRIPTS] == FOLDERS


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.parent.name)
def test_training_again_gives_the_same_bytes(script: Path, tmp_path: Path) -> None:
    out = tmp_path / folder_of(script).name
    # One thread and another hash seed than the committed files were made with.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "1"}
    subprocess.run(
        [sys.executable, "-W", "error", script, "--out", out], check=True, cwd=tmp_path, env=environment, timeout=120
    )
    committed = contents(folder_of(script))
    made = contents(out)
    assert made.keys() == committed.keys() - BY_PEOPLE
    assert [name for name in made if made[name] != committed[name]] == []
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_golden_cases_are_many_and_show_every_label(folder: Path) -> None:
    cases = read_golden(folder / GOLDEN_FILE)
    prediction = load_manifest(folder / MANIFEST_FILE).prediction
    assert len(cases) >= 20
    if isinstance(prediction, Classification):
        assert {case.prediction["label"] for case in cases} == set(prediction.labels)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_baseline_counts_every_row_in_every_feature(folder: Path) -> None:
    loaded = load_model_folder(folder)
    assert loaded.baseline is not None
    assert loaded.baseline.prediction is not None
    assert list(loaded.baseline.features) == [feature.name for feature in loaded.manifest.features]
    rows = {sum(bins.counts) + bins.missing for bins in loaded.baseline.features.values()}
    assert len(rows) <= 1


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_model_card_states_the_metrics_of_the_manifest(folder: Path) -> None:
    lineage = load_manifest(folder / MANIFEST_FILE).lineage
    assert lineage is not None
    assert lineage.metrics
    card = (folder / "README.md").read_text(encoding="utf-8")
    for name, value in lineage.metrics.items():
        assert f"| {value} |" in card or f"| {value:.1f} points |" in card, name


def training(metrics: dict[str, float]) -> Training:
    """A training that is wrong in all that ``models/diabetes`` says of it, but for ``metrics``."""
    return Training(
        model=onnx.ModelProto(),
        data=pd.DataFrame({"age": [1.0, 2.0]}),
        metrics=metrics,
        golden=(),
        baseline=Baseline(schema=BASELINE_SCHEMA),
        tools=(),
    )


def test_a_figure_that_the_training_did_not_give_is_told_with_the_right_one() -> None:
    file = ROOT / "models" / "diabetes" / MANIFEST_FILE
    manifest = load_manifest(file)
    assert manifest.lineage is not None
    metrics = dict(manifest.lineage.metrics, r2=0.5)
    script = ROOT / "examples" / "diabetes" / "train.py"
    with pytest.raises(SystemExit) as exited:
        check_lineage(file, manifest, training(metrics), script)
    lines = str(exited.value.code).splitlines()
    assert [line.split(": ")[1] for line in lines] == ["lineage.data.rows", "lineage.data.sha256", "lineage.metrics.r2"]
    assert lines[0] == f"{file}: lineage.data.rows: says 442 but the training gave 2; mend it"


def test_a_model_that_is_refused_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    manifest, out = ROOT / "models" / "diabetes" / MANIFEST_FILE, tmp_path / "diabetes"
    with pytest.raises(ModelFolderError):
        write_folder(manifest, training({}), out)
    assert list(tmp_path.iterdir()) == []
    out.mkdir()
    (out / "model.onnx").write_bytes(b"the old one")
    with pytest.raises(ModelFolderError):
        write_folder(manifest, training({}), out)
    assert contents(out) == {"model.onnx": b"the old one"}
    assert list(tmp_path.iterdir()) == [out]


def test_no_value_lies_on_the_edge_of_a_bin() -> None:
    values = pd.Series([0.1, 0.1, 0.2, 0.3, None] * 40).to_numpy(float)
    bins = numeric_bins(values)
    assert bins.edges == (0.15, 0.25)
    assert (bins.counts, bins.missing) == ((80, 40, 40), 40)
