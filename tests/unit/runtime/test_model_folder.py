"""Model folders that cannot be served, and the one line that says why."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from serin.engine import EngineOptions
from serin.model_folder import find_model_folders, load_model_folder, read_artifact
from serin.service import load_service
from tests.small_models.catalogue import ALL, FLOWER, LOOP, SHOP
from tests.small_models.faults import Change, lock_file, put, refusal, relock
from tests.small_models.folder import SmallModel


def load(folder: Path) -> object:
    return load_service([folder], EngineOptions())


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.name)
def test_a_good_folder_loads(model: SmallModel, tmp_path: Path) -> None:
    folder = load_model_folder(model.write(tmp_path))
    assert read_artifact(folder) == model.artifact
    assert folder.manifest == model.manifest()


# --- The lock and what it locks -------------------------------------------------------------------------------


CHANGED = "is not the file that model.lock.json names"
RESTORE = "restore it, or run `serin lock flower`"
MEND = "mend it, or run `serin lock flower`"

LOCK_CHANGES: Final[dict[str, tuple[Change, str]]] = {
    "another model": (
        put("name", "tree"),
        f"model.yaml: name: says flower but model.lock.json has tree; {MEND}",
    ),
    "another version": (
        put("version", "1.0.1"),
        f"model.yaml: version: says 1.0.0 but model.lock.json has 1.0.1; {MEND}",
    ),
    "another artifact": (
        put("artifact.file", "other.onnx"),
        f"model.yaml: artifact.file: says model.onnx but model.lock.json has other.onnx; {MEND}",
    ),
    "another input": (
        put("signature.inputs.0.name", "Y"),
        f"model.yaml: inputs: says ['X'] but model.lock.json has ['Y']; {MEND}",
    ),
    "another datatype": (
        put("signature.outputs.0.datatype", "FP64"),
        f"model.yaml: outputs[0]: says ['FP32', (-1, 2)] but model.lock.json has ['FP64', (-1, 2)]; {MEND}",
    ),
    "another shape": (
        put("signature.inputs.0.shape", [-1, 3]),
        f"model.yaml: inputs[0]: says ['FP32', (-1, 2)] but model.lock.json has ['FP32', (-1, 3)]; {MEND}",
    ),
    "another digest": (
        put("artifact.sha256", "0" * 64),
        f"model.onnx: {CHANGED} (artifact.sha256); {RESTORE}",
    ),
    "another size": (
        put("artifact.bytes", 7),
        f"model.onnx: {CHANGED} (artifact.sha256); {RESTORE}",
    ),
    "other golden cases": (
        put("golden.file.sha256", "0" * 64),
        f"golden.jsonl: {CHANGED} (golden.file.sha256); {RESTORE}",
    ),
    "a baseline that is not there": (put("baseline.file", "bins.json"), "bins.json: is missing"),
    "a file in another folder": (
        put("baseline.file", "../bins.json"),
        "model.lock.json: baseline.file: expected `str` matching regex '^[A-Za-z0-9][A-Za-z0-9_.-]*\\\\Z'",
    ),
    "a schema from the future": (
        put("schema", "serin/lock/v2"),
        "model.lock.json: schema: invalid enum value 'serin/lock/v2'",
    ),
    "a key that nobody knows": (
        put("sgnature", {}),
        "model.lock.json: sgnature: unknown key; did you mean `signature`?",
    ),
}


@pytest.mark.parametrize("what", LOCK_CHANGES)
def test_a_lock_that_says_something_else_is_one_line(what: str, tmp_path: Path) -> None:
    change, line = LOCK_CHANGES[what]
    folder = FLOWER.write(tmp_path)
    relock(folder, change)
    assert refusal(lambda: load(folder), folder) == line


@pytest.mark.parametrize("name", ["model.onnx", "golden.jsonl", "baseline.json"])
def test_a_changed_byte_in_any_locked_file_is_found(name: str, tmp_path: Path) -> None:
    folder = FLOWER.write(tmp_path)
    (folder / name).write_bytes((folder / name).read_bytes() + b" ")
    assert refusal(lambda: load(folder), folder).startswith(f"{name}: {CHANGED} (")


@pytest.mark.parametrize("name", ["model.onnx", "golden.jsonl", "baseline.json"])
def test_a_link_in_place_of_a_locked_file_is_refused(name: str, tmp_path: Path) -> None:
    folder = FLOWER.write(tmp_path)
    (folder / name).rename(tmp_path / name)
    (folder / name).symlink_to(tmp_path / name)
    due = f"{name}: is a symbolic link; put the file itself into the folder"
    assert refusal(lambda: load(folder), folder) == due


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("model.yaml", "model.yaml: is missing"),
        ("model.lock.json", "model.lock.json: is missing; write it with `serin lock`"),
        ("model.onnx", "model.onnx: is missing"),
        ("golden.jsonl", "golden.jsonl: is missing"),
        ("baseline.json", "baseline.json: is missing"),
    ],
)
def test_a_missing_file_is_named(name: str, line: str, tmp_path: Path) -> None:
    folder = FLOWER.write(tmp_path)
    (folder / name).unlink()
    assert refusal(lambda: load(folder), folder) == line


@pytest.mark.parametrize("name", ["model.yaml", "model.lock.json", "model.onnx"])
def test_a_folder_in_place_of_a_file_is_named(name: str, tmp_path: Path) -> None:
    folder = FLOWER.write(tmp_path)
    (folder / name).unlink()
    (folder / name).mkdir()
    assert refusal(lambda: load(folder), folder) == f"{name}: cannot be read (Is a directory)"


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b'{"schema": NaN}', b"[" * 100_000], ids=repr)
def test_a_lock_that_is_no_json_is_one_line(text: bytes, tmp_path: Path) -> None:
    folder = FLOWER.write(tmp_path)
    (folder / "model.lock.json").write_bytes(text)
    assert refusal(lambda: load(folder), folder) == "model.lock.json: is not JSON; write it anew with `serin lock`"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b"{", "baseline.json: is not JSON; write it anew with `serin lock`"),
        (b"\xff", "baseline.json: is not JSON; write it anew with `serin lock`"),
        (b'{"schema": "serin/baseline/v2"}', "baseline.json: schema: invalid enum value 'serin/baseline/v2'"),
        (
            b'{"schema": "serin/baseline/v1", "features": {"petal length": {"kind": "cubic"}}}',
            "baseline.json: features[...].kind: invalid value 'cubic'",
        ),
    ],
)
def test_a_locked_baseline_that_is_none_is_one_line(text: bytes, line: str, tmp_path: Path) -> None:
    folder = FLOWER.write(tmp_path)
    lock_file(folder, "baseline.json", text)
    assert refusal(lambda: load(folder), folder) == line


# --- The artifact against the lock ----------------------------------------------------------------------------


def test_an_artifact_with_another_signature_is_one_line(tmp_path: Path) -> None:
    folder = FLOWER.write(tmp_path)
    lock_file(folder, "model.onnx", LOOP.artifact)
    due = "model.lock.json: signature.inputs: is not what the artifact has; run `serin lock flower`"
    assert refusal(lambda: load(folder), folder) == due


@pytest.mark.parametrize(
    "artifact", [b"", b"PK\x03\x04 not a model", FLOWER.artifact[:-9]], ids=["empty", "zip", "cut"]
)
def test_an_artifact_that_cannot_be_opened_is_one_line(artifact: bytes, tmp_path: Path) -> None:
    folder = FLOWER.write(tmp_path)
    lock_file(folder, "model.onnx", artifact)
    assert refusal(lambda: load(folder), folder).startswith("model.onnx: ONNX Runtime ")


# --- Finding folders ------------------------------------------------------------------------------------------


def test_the_folders_that_hold_a_manifest_are_found_by_name(tmp_path: Path) -> None:
    written = [model.write(tmp_path) for model in (SHOP, FLOWER)]
    (tmp_path / "notes").mkdir()
    (tmp_path / "model.yaml").touch()
    assert find_model_folders(tmp_path) == sorted(written)


def test_no_folder_and_no_model_are_each_one_line(tmp_path: Path) -> None:
    due = "no such folder; pass the folder that holds the model folders"
    assert refusal(lambda: find_model_folders(tmp_path / "nowhere"), tmp_path) == f"nowhere: {due}"
    due = ": no model here; a model is a sub-folder with a model.yaml"
    assert refusal(lambda: find_model_folders(tmp_path), tmp_path) == due
