"""Model folders, compiled: what is written, what it answers, and what is refused."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from serin.compilation import USAGE, compile_model, main
from serin.compiled import COMPILED_FILE, HERE, Versions, find_compiled, load_compiled, read_compiled
from serin.engine import EngineOptions
from serin.errors import ModelFolderError
from serin.golden import answer_differences
from serin.model_folder import load_model_folder
from tests.sample_models import MODELS, NAMES, load_sample
from tests.signing_keys import make_keys


def compiled_sample(name: str, room: Path) -> Path:
    compile_model(MODELS / name, room / name)
    return room / name


def sources(name: str, room: Path) -> Path:
    """A copy of a sample's folder, to be changed."""
    return Path(shutil.copytree(MODELS / name, room / "sources" / name))


def set_optimization(folder: Path, level: str) -> None:
    manifest = folder / "model.yaml"
    manifest.write_text(manifest.read_text().replace("serving:\n", f"serving:\n  optimization: {level}\n", 1))
    assert f"optimization: {level}" in manifest.read_text()


@pytest.mark.parametrize("name", NAMES)
def test_a_compiled_sample_answers_its_golden_cases_and_is_what_its_folder_says(name: str, tmp_path: Path) -> None:
    model = load_compiled(str(compiled_sample(name, tmp_path)), EngineOptions())
    sample = load_sample(name)
    source = load_model_folder(MODELS / name)
    assert (model.manifest, model.metadata()) == (source.manifest, sample.model.metadata())
    compiled = read_compiled(str(tmp_path / name / COMPILED_FILE))
    assert (compiled.lock, compiled.baseline) == (source.lock, source.baseline)
    for case in sample.cases:
        inputs = model.rows.decode(msgspec.json.encode({"instances": [case.instance]}))
        (answer,) = model.predict(model.infer(inputs, model.predictor.outputs, time.monotonic() + 10))
        assert list(answer_differences(model.manifest, answer, case.prediction)) == []


def test_a_folder_of_its_own_holds_what_serving_and_the_bill_of_materials_read_and_nothing_else(tmp_path: Path) -> None:
    folder = compiled_sample(NAMES[0], tmp_path)
    assert {file.name for file in folder.iterdir()} == {COMPILED_FILE, "model.ort", "model.lock.json"}
    assert (folder / "model.lock.json").read_bytes() == (MODELS / NAMES[0] / "model.lock.json").read_bytes()


def test_what_serin_writes_of_a_folder_is_always_the_same(tmp_path: Path) -> None:
    """Not so ONNX Runtime's own format: it orders some parts by their addresses."""
    first, second = (compiled_sample(NAMES[0], tmp_path / room) / COMPILED_FILE for room in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    ("level", "artifact"), [("none", "model.onnx"), ("portable", "model.ort"), ("full", "model.ort")]
)
def test_the_manifest_says_how_far_the_graph_is_optimised(level: str, artifact: str, tmp_path: Path) -> None:
    folder = sources(NAMES[0], tmp_path)
    set_optimization(folder, level)
    into = tmp_path / "into"
    compile_model(folder, into)
    assert read_compiled(str(into / COMPILED_FILE)).artifact == artifact
    assert load_compiled(str(into), EngineOptions()).manifest.serving.optimization == level
    if level == "none":
        assert (into / artifact).read_bytes() == (folder / artifact).read_bytes()


def test_a_folder_may_be_compiled_in_place_and_keeps_its_files(tmp_path: Path) -> None:
    folder = sources(NAMES[0], tmp_path)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert main([str(folder)]) == 0
    after = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert before.items() <= after.items()
    assert after.keys() - before.keys() == {COMPILED_FILE, "model.ort"}
    assert find_compiled(str(folder.parent)) == [str(folder)]


def test_where_there_is_no_compiled_model_none_is_found(tmp_path: Path) -> None:
    sources(NAMES[0], tmp_path)
    assert find_compiled(str(tmp_path / "sources")) == []
    assert find_compiled(str(tmp_path / "nowhere")) == []


def test_changed_bytes_are_not_compiled(tmp_path: Path) -> None:
    folder = sources(NAMES[0], tmp_path)
    artifact = folder / "model.onnx"
    artifact.write_bytes(artifact.read_bytes() + b"\0")
    with pytest.raises(ModelFolderError, match=r"model\.onnx: is not the file that model\.lock\.json names"):
        compile_model(folder, tmp_path / "into")
    assert not (tmp_path / "into").exists()


def test_a_model_that_misses_a_golden_case_is_not_compiled_and_one_line_says_which(tmp_path: Path) -> None:
    folder = sources("diabetes", tmp_path)
    golden = folder / "golden.jsonl"
    cases = [json.loads(line) for line in golden.read_text().splitlines()]
    cases[1]["prediction"]["value"] += 1.0
    golden.write_text("".join(f"{json.dumps(case)}\n" for case in cases))
    lock = json.loads((folder / "model.lock.json").read_text())
    lock["golden"]["file"] |= digest(golden)
    (folder / "model.lock.json").write_text(json.dumps(lock))
    done = subprocess.run(
        [sys.executable, "-m", "serin.compiled", folder, tmp_path / "into"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"{golden}: line 2: prediction.value: ")
    assert "serving.optimization: none" in line
    assert not (tmp_path / "into" / COMPILED_FILE).exists()


def digest(file: Path) -> dict[str, object]:
    data = file.read_bytes()
    return {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}


@pytest.mark.parametrize("versions", [Versions("0.0.1", HERE.onnxruntime), Versions(HERE.serin, "1.0.0")])
def test_what_other_versions_compiled_is_refused(versions: Versions, tmp_path: Path) -> None:
    file = compiled_sample(NAMES[0], tmp_path) / COMPILED_FILE
    document = msgspec.msgpack.decode(file.read_bytes())
    document["versions"] = versions
    document["manifest"] = "of a form that is not known here"
    file.write_bytes(msgspec.msgpack.encode(document))
    with pytest.raises(ModelFolderError, match=rf"Serin {versions.serin} with ONNX Runtime {versions.onnxruntime}"):
        load_compiled(str(file.parent), EngineOptions())


@pytest.mark.parametrize("damage", [b"", b"\x80", b"\xc1", b"\xff" * 50, b"{}"])
def test_a_damaged_file_is_one_clear_line(damage: bytes, tmp_path: Path) -> None:
    file = compiled_sample(NAMES[0], tmp_path) / COMPILED_FILE
    file.write_bytes(damage)
    with pytest.raises(ModelFolderError, match="is no compiled model; compile it again"):
        load_compiled(str(file.parent), EngineOptions())


@pytest.mark.parametrize("missing", [COMPILED_FILE, "model.ort"])
def test_a_missing_file_is_one_clear_line(missing: str, tmp_path: Path) -> None:
    folder = compiled_sample(NAMES[0], tmp_path)
    (folder / missing).unlink()
    with pytest.raises(ModelFolderError, match=missing):
        load_compiled(str(folder), EngineOptions())


def test_a_signed_folder_is_compiled_and_tells_by_which_key(tmp_path: Path) -> None:
    folder, keys = sources(NAMES[0], tmp_path), make_keys(tmp_path / "keys")
    keys.sign(folder)
    into = tmp_path / "into"
    assert main([str(folder), str(into), keys.signer.text]) == 0
    assert read_compiled(str(into / COMPILED_FILE)).signer == keys.signer.digest
    assert load_compiled(str(into), EngineOptions(), keys.signer.digest).name == NAMES[0]
    assert load_compiled(str(into), EngineOptions()).name == NAMES[0]
    assert {file.name for file in into.iterdir()} == {COMPILED_FILE, "model.ort", "model.lock.json"}


def test_a_folder_that_the_key_has_not_signed_is_not_compiled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, keys = sources(NAMES[0], tmp_path), make_keys(tmp_path / "keys")
    arguments = [str(folder), str(tmp_path / "into"), keys.signer.text]
    assert main(arguments) == 1
    assert capsys.readouterr().err.startswith(f"{folder}/model.sig: signed: is missing; ")
    keys.sign(folder)
    (folder / "README.md").write_text("another")
    capsys.readouterr()
    assert main(arguments) == 1
    assert capsys.readouterr().err.startswith(f"{folder}/README.md: signed: is not as it was signed; ")
    assert not (tmp_path / "into").exists()


def test_a_key_that_is_none_compiles_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(sources(NAMES[0], tmp_path)), str(tmp_path / "into"), "key"]) == 1
    assert capsys.readouterr().err == "the signer: is no public key in DER; make a key as docs/signing.md says\n"
    assert not (tmp_path / "into").exists()


def test_what_was_compiled_for_another_key_or_none_is_not_opened_where_one_is_demanded(tmp_path: Path) -> None:
    folder, keys = sources(NAMES[0], tmp_path), make_keys(tmp_path / "keys")
    demanded = make_keys(tmp_path / "others").signer.digest
    compile_model(folder, tmp_path / "into")
    expected = rf"model\.msgpack: signer: was built for no key, and the key {demanded[:16]}\.\.\. is demanded; build"
    with pytest.raises(ModelFolderError, match=expected):
        load_compiled(str(tmp_path / "into"), EngineOptions(), demanded)
    keys.sign(folder)
    compile_model(folder, tmp_path / "into", keys.signer)
    with pytest.raises(ModelFolderError, match=f"was built for the key {keys.signer.digest[:16]}"):
        load_compiled(str(tmp_path / "into"), EngineOptions(), demanded)


@pytest.mark.parametrize("arguments", [[], ["a", "b", "c", "d"]])
def test_other_arguments_get_the_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err == f"{USAGE}\n"
