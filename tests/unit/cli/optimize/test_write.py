from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from cli.manifest_edit import KeyPath
from cli.optimize.making import Variant
from cli.optimize.write import check_raised, manifest_changes, next_version, write_variant
from cli.outcome import CommandError
from serin.admission import verify
from serin.errors import ModelFolderError
from serin.lock import Parity
from serin.manifest import Artifact, Scalar, Tolerance
from serin.model_folder import LOCK_FILE, ModelFolder, load_model_folder
from tests.small_models.iris import perceptron


@pytest.fixture
def folder(tmp_path: Path) -> ModelFolder:
    path = perceptron().write(tmp_path / "models")
    (path / "CHANGELOG.md").write_text("# Changes\n")
    return load_model_folder(path)


def variant(tmp_path: Path, artifact: bytes, file: str = "model.onnx") -> Variant:
    stored = tmp_path / "stored.onnx"
    stored.write_bytes(artifact)
    return Variant(kind="graph", artifact=Artifact(file=file), stored=stored, served=stored)


def content(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


@pytest.mark.parametrize(
    ("before", "after"), [("1.0.0", "1.1.0"), ("0.3.9", "0.4.0"), ("2.9.1", "2.10.0"), ("1.4.0-rc.1", "1.5.0")]
)
def test_the_minor_number_is_raised(before: str, after: str) -> None:
    assert next_version(before) == after


def test_a_version_comes_after_the_one_that_is_there() -> None:
    for after in ("1.2.1", "1.3.0", "2.0.0"):
        check_raised("1.2.0", after)
    for after in ("1.2.0", "1.1.9", "0.9.0"):
        with pytest.raises(CommandError, match="does not come after"):
            check_raised("1.2.0", after)


def test_the_manifest_says_what_is_new_and_no_more(folder: ModelFolder, tmp_path: Path) -> None:
    one = variant(tmp_path, b"")
    assert manifest_changes(folder.manifest, one, "1.1.0", {}, alone=False) == {("version",): "1.1.0"}
    other = msgspec.structs.replace(folder.manifest.artifact, file="model.ort", format="ort")
    stored = Variant(kind="int8", artifact=other, stored=one.stored, served=one.stored)
    wide = {"probabilities": Tolerance(absolute=0.02, relative=0.0)}
    assert manifest_changes(folder.manifest, stored, "2.0.0", wide, alone=True) == {
        ("version",): "2.0.0",
        ("artifact", "file"): "model.ort",
        ("artifact", "format"): "ort",
        ("outputs", 0, "tolerance", "absolute"): 0.02,
        ("outputs", 0, "tolerance", "relative"): 0.0,
        ("serving", "max_batch_rows"): 1,
    }


def test_the_winner_is_locked_with_the_tools_of_the_model_before(folder: ModelFolder, tmp_path: Path) -> None:
    tools = {"scikit-learn": "1.9.1", "onnxruntime": "1.0.0"}
    parity = Parity(rows=3, edge_rows=0, outputs={})
    lock = msgspec.structs.replace(folder.lock, tools=tools, parity=parity)
    (folder.path / LOCK_FILE).write_bytes(msgspec.json.encode(lock))
    known = load_model_folder(folder.path)
    # Another producer's name: other bytes, the same model.
    artifact = (folder.path / "model.onnx").read_bytes().replace(b"skl2onnx", b"SKL2ONNX", 1)
    write_variant(
        known, variant(tmp_path, artifact, "better.onnx"), {("version",): "1.1.0", ("artifact", "file"): "better.onnx"}
    )
    after = load_model_folder(folder.path)
    assert after.lock.tools["scikit-learn"] == "1.9.1"
    assert after.lock.tools["onnxruntime"] != "1.0.0"
    assert after.lock.parity is None, "it is another artifact that came so near to the source"
    assert (after.manifest.version, after.lock.artifact.file) == ("1.1.0", "better.onnx")
    assert (folder.path / "better.onnx").read_bytes() == artifact
    assert not (folder.path / "model.onnx").exists()
    assert (folder.path / "CHANGELOG.md").read_text() == "# Changes\n"
    assert verify(folder.path, seconds=60) == []
    assert [path.name for path in folder.path.parent.iterdir()] == ["iris"]


@pytest.mark.parametrize(
    ("artifact", "changes"),
    [
        (b"", {("version",): "1.1.0"}),
        (b"no model", {("version",): "1.1.0"}),
        (None, {("version",): "not one"}),
        (None, {("outputs", 0, "name"): "scores"}),
    ],
)
def test_a_refused_winner_leaves_the_folder_as_it_was(
    artifact: bytes | None, changes: dict[KeyPath, Scalar], folder: ModelFolder, tmp_path: Path
) -> None:
    before = content(folder.path.parent)
    stored = (folder.path / "model.onnx").read_bytes() if artifact is None else artifact
    with pytest.raises(ModelFolderError) as raised:
        write_variant(folder, variant(tmp_path, stored), changes)
    assert raised.value.message.startswith(str(folder.path))
    assert "nothing is written" in raised.value.message
    assert content(folder.path.parent) == before


def test_a_manifest_that_cannot_be_edited_leaves_the_folder_as_it_was(folder: ModelFolder, tmp_path: Path) -> None:
    file = folder.path / "model.yaml"
    file.write_text(file.read_text().replace("version: 1.0.0", "version: &v 1.0.0\ntitle: *v"))
    before = content(folder.path.parent)
    with pytest.raises(ModelFolderError) as raised:
        write_variant(folder, variant(tmp_path, b"any"), {("title",): "new"})
    assert "by hand" in raised.value.message
    assert ".optimize-" not in raised.value.message
    assert content(folder.path.parent) == before
