"""The model folders that a stage is built from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from infra.catalog import load_catalog
from serin.errors import ModelFolderError
from tests.infra.synthesis import write_model


def test_every_model_folder_is_read_by_name(tmp_path: Path) -> None:
    for name in ("b", "a"):
        write_model(tmp_path, name)
    assert [manifest.name for manifest in load_catalog(tmp_path / "models")] == ["a", "b"]


def test_a_folder_whose_lock_disagrees_is_refused_before_anything_is_built(tmp_path: Path) -> None:
    folder = write_model(tmp_path, "a")
    manifest = folder / "model.yaml"
    manifest.write_text(manifest.read_text().replace("version: 1.0.0", "version: 1.0.1"))
    with pytest.raises(ModelFolderError, match=re.escape("model.yaml: version: says 1.0.1")):
        load_catalog(tmp_path / "models")


def test_a_model_that_is_not_admitted_is_refused_before_anything_is_built(tmp_path: Path) -> None:
    folder = write_model(tmp_path, "a")
    (folder / "weights.bin").touch()
    with pytest.raises(ModelFolderError, match=re.escape("a/weights.bin: unlisted: is not listed")):
        load_catalog(tmp_path / "models")


def test_warm_instances_beside_a_weighted_alias_are_refused(tmp_path: Path) -> None:
    write_model(tmp_path, "a", serving={"provisioned_concurrency": {"min": 1, "max": 1}})
    with pytest.raises(ModelFolderError, match=r"release.steps: must be \[100\] or \[\]"):
        load_catalog(tmp_path / "models")


@pytest.mark.parametrize("steps", [[100], []])
def test_warm_instances_with_a_release_at_once_are_taken(tmp_path: Path, steps: list[int]) -> None:
    warm = {"provisioned_concurrency": {"min": 1, "max": 1}}
    write_model(tmp_path, "a", serving=warm, release={"steps": steps})
    assert len(load_catalog(tmp_path / "models")) == 1


def test_warm_instances_beside_snap_start_are_refused(tmp_path: Path) -> None:
    pair = {"provisioned_concurrency": {"min": 1, "max": 1}, "snap_start": True}
    write_model(tmp_path, "a", serving=pair, release={"steps": [100]})
    with pytest.raises(ModelFolderError, match=re.escape("serving.provisioned_concurrency: excludes snap_start")):
        load_catalog(tmp_path / "models")
