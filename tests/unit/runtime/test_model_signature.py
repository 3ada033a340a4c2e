"""Signatures of model folders: what is taken, and that OpenSSF's own program agrees."""

from __future__ import annotations

import base64
import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from model_signing.hashing import Config as Hashing
from model_signing.signing import Config as Signing
from model_signing.verifying import Config as Verifying

from serin.model_folder import SIGNATURE_FILE
from serin.model_signature import is_outdated, signature_differences
from tests.sample_models import MODELS
from tests.signing_keys import Keys, make_keys

FILES = ("CHANGELOG.md", "README.md", "baseline.json", "golden.jsonl", "model.lock.json", "model.onnx", "model.yaml")
DAMAGED = "is no signature of a model with a key and one SHA-256 a file, or is damaged"


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return make_keys(tmp_path / "keys")


@pytest.fixture
def folder(tmp_path: Path, keys: Keys) -> Path:
    """A copy of a sample, signed."""
    folder = Path(shutil.copytree(MODELS / "diabetes", tmp_path / "diabetes"))
    keys.sign(folder)
    return folder


def found(folder: Path, keys: Keys) -> dict[str, str]:
    return dict(signature_differences(folder, keys.signer))


def reference_agrees(folder: Path, keys: Keys) -> bool:
    """What OpenSSF's own program says."""
    verifier = Verifying().use_elliptic_key_verifier(public_key=keys.public)  # type: ignore[no-untyped-call]
    try:
        verifier.verify(folder, folder / SIGNATURE_FILE)
    except Exception:  # noqa: BLE001 - it raises many
        return False
    return True


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda curve: curve.name)
def test_what_was_signed_is_taken_and_the_reference_agrees(curve: ec.EllipticCurve, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(MODELS / "diabetes", tmp_path / "diabetes"))
    assert sorted(file.name for file in folder.iterdir()) == sorted(FILES)
    keys = make_keys(tmp_path, curve)
    keys.sign(folder)
    assert found(folder, keys) == {}
    assert reference_agrees(folder, keys)
    assert not is_outdated(folder)


def test_what_the_reference_signs_by_itself_is_taken(folder: Path, keys: Keys) -> None:
    """Its own settings pass over files of Git, of which a model folder has none."""
    signature = folder / SIGNATURE_FILE
    signature.unlink()
    hashing = Hashing().set_ignored_paths(paths=[signature])  # type: ignore[no-untyped-call]
    signing = Signing().use_elliptic_key_signer(private_key=keys.private)  # type: ignore[no-untyped-call]
    signing.set_hashing_config(hashing).sign(folder, signature)
    assert found(folder, keys) == {}
    (folder / ".gitattributes").touch()
    assert reference_agrees(folder, keys)
    assert found(folder, keys) == {".gitattributes": "was not there when the folder was signed"}


@pytest.mark.parametrize("name", FILES)
def test_a_changed_byte_in_any_file_is_found_by_its_name(name: str, folder: Path, keys: Keys) -> None:
    file = folder / name
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    assert found(folder, keys) == {name: "is not as it was signed"}
    assert not reference_agrees(folder, keys)
    assert is_outdated(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_found_by_its_name(name: str, folder: Path, keys: Keys) -> None:
    (folder / name).unlink()
    assert found(folder, keys) == {name: "was signed and is not there"}
    assert not reference_agrees(folder, keys)


@pytest.mark.parametrize("name", ["LICENSE", ".hidden", "model.msgpack"])
def test_an_added_file_is_found_by_its_name(name: str, folder: Path, keys: Keys) -> None:
    (folder / name).touch()
    assert found(folder, keys) == {name: "was not there when the folder was signed"}
    assert not reference_agrees(folder, keys)


def test_a_file_that_cannot_be_read_is_not_what_was_signed(folder: Path, keys: Keys) -> None:
    (folder / "README.md").unlink()
    (folder / "README.md").mkdir()
    assert found(folder, keys) == {"README.md": "is not as it was signed"}


def test_a_folder_without_a_signature_is_not_signed_and_not_outdated(folder: Path, keys: Keys) -> None:
    (folder / SIGNATURE_FILE).unlink()
    assert found(folder, keys) == {SIGNATURE_FILE: "is missing"}
    assert not is_outdated(folder)


def test_a_signature_that_cannot_be_read_is_none(folder: Path, keys: Keys) -> None:
    (folder / SIGNATURE_FILE).unlink()
    (folder / SIGNATURE_FILE).mkdir()
    assert found(folder, keys) == {SIGNATURE_FILE: "cannot be read (Is a directory)"}


def test_the_signature_of_another_key_is_none(folder: Path, keys: Keys, tmp_path: Path) -> None:
    other = make_keys(tmp_path / "other")
    digest = other.signer.digest[:16]
    assert found(folder, other) == {SIGNATURE_FILE: f"was not made with the key {digest}..., or was changed"}
    assert not reference_agrees(folder, other)


def test_the_signature_of_another_model_is_none_of_this(folder: Path, keys: Keys, tmp_path: Path) -> None:
    other = Path(shutil.copytree(MODELS / "breast-cancer", tmp_path / "breast-cancer"))
    shutil.copy(keys.sign(other), folder / SIGNATURE_FILE)
    assert {"model.onnx", "model.yaml", "model.lock.json"} <= found(folder, keys).keys()
    assert not reference_agrees(folder, keys)


@pytest.mark.parametrize("length", [0, 1, 0.5, -1])
def test_a_cut_signature_is_none(length: float, folder: Path, keys: Keys) -> None:
    file = folder / SIGNATURE_FILE
    data = file.read_bytes()
    file.write_bytes(data[: int(length * len(data)) if isinstance(length, float) else length])
    assert found(folder, keys) == {SIGNATURE_FILE: DAMAGED}
    assert not reference_agrees(folder, keys)
    assert is_outdated(folder)


@pytest.mark.parametrize("data", [b"{}", b"[]", b"null", b"\xff", b"[" * 100_000, b"PK\x03\x04"])
def test_other_bytes_are_no_signature(data: bytes, folder: Path, keys: Keys) -> None:
    (folder / SIGNATURE_FILE).write_bytes(data)
    assert found(folder, keys) == {SIGNATURE_FILE: DAMAGED}


# --- Bundles of other forms -------------------------------------------------------------------------------------


def envelope(bundle: Any) -> Any:
    return bundle["dsseEnvelope"]


BUNDLES: dict[str, Callable[[Any], object]] = {
    "another media type": lambda bundle: bundle.update(mediaType="application/vnd.dev.sigstore.bundle.v0.2+json"),
    "another payload type": lambda bundle: envelope(bundle).update(payloadType="application/json"),
    "no signature": lambda bundle: envelope(bundle).update(signatures=[]),
    "two signatures": lambda bundle: envelope(bundle).update(signatures=envelope(bundle)["signatures"] * 2),
    "a payload that is no base64": lambda bundle: envelope(bundle).update(payload="?"),
}


@pytest.mark.parametrize("form", BUNDLES)
def test_a_bundle_of_another_form_is_refused(form: str, folder: Path, keys: Keys) -> None:
    file = folder / SIGNATURE_FILE
    bundle = json.loads(file.read_bytes())
    BUNDLES[form](bundle)
    file.write_text(json.dumps(bundle))
    assert found(folder, keys) == {SIGNATURE_FILE: DAMAGED}


STATEMENTS: dict[str, tuple[Callable[[Any], object], str]] = {
    "another statement": (lambda said: said.update(_type="https://in-toto.io/Statement/v0.1"), DAMAGED),
    "another predicate": (lambda said: said.update(predicateType="https://model_signing/Digests/v0.1"), DAMAGED),
    "shards": (lambda said: said["predicate"]["serialization"].update(method="shards"), DAMAGED),
    "another hash": (lambda said: said["predicate"]["resources"][0].update(algorithm="blake2b"), DAMAGED),
    "no files": (lambda said: said["predicate"].pop("resources"), DAMAGED),
    "a file twice": (
        lambda said: said["predicate"]["resources"].append(said["predicate"]["resources"][0]),
        "names a file twice; sign the folder with `serin sign`",
    ),
}


@pytest.mark.parametrize("form", STATEMENTS)
def test_a_statement_of_another_form_is_refused_whoever_signed_it(form: str, folder: Path, keys: Keys) -> None:
    change, problem = STATEMENTS[form]
    restate(folder, keys, change)
    assert found(folder, keys) == {SIGNATURE_FILE: problem}


def test_what_a_statement_says_is_to_be_passed_over_is_not(folder: Path, keys: Keys) -> None:
    def pass_over(said: Any) -> None:
        said["predicate"]["serialization"]["ignore_paths"].append("model.onnx")
        said["predicate"]["resources"] = [one for one in said["predicate"]["resources"] if one["name"] != "model.onnx"]

    restate(folder, keys, pass_over)
    assert found(folder, keys) == {"model.onnx": "was not there when the folder was signed"}


def test_more_than_is_read_may_stand_in_a_statement(folder: Path, keys: Keys) -> None:
    restate(folder, keys, lambda said: said["predicate"].update(note="later versions may say more"))
    assert found(folder, keys) == {}


def test_a_changed_statement_under_the_old_signature_is_refused(folder: Path, keys: Keys) -> None:
    file = folder / SIGNATURE_FILE
    bundle = json.loads(file.read_bytes())
    payload = base64.b64decode(envelope(bundle)["payload"])
    envelope(bundle)["payload"] = base64.b64encode(payload.replace(b"README.md", b"README.MD")).decode()
    file.write_text(json.dumps(bundle))
    assert "was not made with the key" in found(folder, keys)[SIGNATURE_FILE]


def restate(folder: Path, keys: Keys, change: Callable[[Any], object]) -> None:
    """Sign another statement with the same key, as DSSE says."""
    file = folder / SIGNATURE_FILE
    bundle = json.loads(file.read_bytes())
    said = copy.deepcopy(json.loads(base64.b64decode(envelope(bundle)["payload"])))
    change(said)
    payload = json.dumps(said).encode()
    message = b"DSSEv1 28 application/vnd.in-toto+json %d %s" % (len(payload), payload)
    signature = keys.secret.sign(message, ec.ECDSA(hashes.SHA256()))
    envelope(bundle)["payload"] = base64.b64encode(payload).decode()
    envelope(bundle)["signatures"] = [{"sig": base64.b64encode(signature).decode(), "keyid": ""}]
    file.write_text(json.dumps(bundle))
