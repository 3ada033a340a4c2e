"""A stage that demands signatures: what it refuses to build, and what it tells images and functions."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from infra.config import ConfigurationError, Stage
from infra.signer import stage_signer
from serin.errors import ModelFolderError
from tests.infra.stages import DEV
from tests.infra.synthesis import Synthesis, copy_project, synthesise, write_model
from tests.signing_keys import Keys, make_keys

DEMANDING: Stage = replace(DEV, signer="keys/signer.pem")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with one model, and a card beside it."""
    root = copy_project(tmp_path_factory.mktemp("signed"))
    folder = write_model(root, "one")
    (folder / "README.md").write_text("About it.")
    return root


@pytest.fixture(scope="module")
def keys(root: Path) -> Keys:
    return make_keys(root / "keys")


@pytest.fixture(scope="module")
def unsigned(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    """The stage that demands nothing, before the model is signed."""
    return synthesise(DEV, root, tmp_path_factory.mktemp("unsigned"))


@pytest.fixture(scope="module")
def signature(root: Path, keys: Keys, unsigned: Synthesis) -> Path:
    return keys.sign(root / "models" / "one")


@pytest.fixture(scope="module")
def demanding(root: Path, signature: Path, tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    return synthesise(DEMANDING, root, tmp_path_factory.mktemp("demanding"))


@pytest.fixture
def kept(signature: Path) -> Iterator[Path]:
    """The signature, put back after the test."""
    data = signature.read_bytes()
    yield signature
    signature.write_bytes(data)


def test_the_image_is_told_the_key_and_the_function_its_digest(demanding: Synthesis, keys: Keys) -> None:
    (image,) = demanding["Model-one"].images.values()
    assert image.arguments == {"BASE_IMAGE": DEV.base_image, "MODEL": "one", "SIGNER": keys.signer.text}
    (function,) = (
        found["Properties"]
        for found in demanding["Model-one"].of_type("AWS::Lambda::Function").values()
        if found["Properties"].get("PackageType") == "Image"
    )
    assert function["Environment"] == {"Variables": {"SERIN_SIGNER": keys.signer.digest}}


def test_the_image_sees_all_that_was_signed_and_no_key(demanding: Synthesis, root: Path) -> None:
    (image,) = demanding["Model-one"].images.values()
    folder = root / "models" / "one"
    assert {Path(file).name for file in image.files() if file.startswith("models/")} == {
        file.name for file in folder.iterdir()
    }
    assert not [file for file in image.files() if file.endswith(".pem")]
    assert {file for file in image.files() if file.endswith(".md")} == {"models/one/README.md"}


def test_other_images_see_no_signature(demanding: Synthesis) -> None:
    (image,) = demanding["Catalog"].images.values()
    assert not [file for file in image.files() if file.endswith((".sig", ".md"))]


def test_signing_a_model_changes_nothing_of_a_stage_that_demands_no_signature(
    root: Path, unsigned: Synthesis, signature: Path, tmp_path: Path
) -> None:
    again = synthesise(DEV, root, tmp_path)
    assert {name: stack.body for name, stack in again.items()} == {name: stack.body for name, stack in unsigned.items()}


def test_an_unsigned_model_is_refused_before_anything_is_built(root: Path, kept: Path, tmp_path: Path) -> None:
    kept.unlink()
    expected = f"{kept}: signed: is missing; restore what was signed, or sign the folder with `serin sign`"
    with pytest.raises(ModelFolderError, match=re.escape(expected)):
        synthesise(DEMANDING, root, tmp_path)
    assert not list(tmp_path.glob("*.template.json"))


def test_a_model_that_another_key_signed_is_refused(root: Path, kept: Path, tmp_path: Path) -> None:
    make_keys(tmp_path / "other").sign(kept.parent)
    with pytest.raises(ModelFolderError, match=re.escape(f"{kept}: signed: was not made with the key ")):
        synthesise(DEMANDING, root, tmp_path / "out")


@pytest.mark.parametrize("name", ["README.md", "model.yaml", "model.onnx", "model.lock.json"])
def test_a_changed_file_is_refused_by_its_name(root: Path, signature: Path, tmp_path: Path, name: str) -> None:
    file = signature.with_name(name)
    data = file.read_bytes()
    file.write_bytes(data + b"\n")
    try:
        with pytest.raises(ModelFolderError, match=re.escape(f"{file}: signed: is not as it was signed")):
            synthesise(DEMANDING, root, tmp_path)
    finally:
        file.write_bytes(data)


def test_a_key_that_cannot_be_used_is_one_line_that_names_the_setting(root: Path, keys: Keys) -> None:
    for file, problem in (
        ("keys/nowhere.pem", f"{root}/keys/nowhere.pem: cannot be read (No such file or directory)"),
        ("keys/signing.pem", f"{root}/keys/signing.pem: is a private key; name the public one"),
        ("models/one/README.md", f"{root}/models/one/README.md: is no public key in PEM"),
    ):
        with pytest.raises(ConfigurationError, match=re.escape(f"stage 'dev': signer: {problem}")):
            stage_signer(replace(DEV, signer=file), root)


def test_a_stage_that_demands_none_needs_no_key_and_no_package(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.serialization", None)
    assert stage_signer(DEV, root) is None
    expected = "stage 'dev': signer: signatures need the package cryptography; run `.venv/bin/pip install -e '.[sign]'`"
    with pytest.raises(ConfigurationError, match=re.escape(expected)):
        stage_signer(DEMANDING, root)
