"""`serin sign`, and `--signed-by` where models are verified, locked and served."""

from __future__ import annotations

import getpass
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from cli.keys import PASSPHRASE_VARIABLE
from cli.main import run
from cli.models import load_models
from cli.outcome import ExitCode
from cli.reload import Reloader, fingerprints
from serin.admission import NotAdmitted
from serin.service import Service
from tests.signing_keys import Keys, make_keys
from tests.small_models.catalogue import FLOWER, PAIR
from tests.small_models.multiply import write_multiply

PEM = serialization.Encoding.PEM
PKCS8 = serialization.PrivateFormat.PKCS8
FLOWER_FILES = {"baseline.json", "golden.jsonl", "model.lock.json", "model.onnx", "model.yaml"}
PATIENT = ["--seconds", "60"]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Two good models."""
    folder = tmp_path / "models"
    FLOWER.write(folder)
    PAIR.write(folder)
    return folder


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return make_keys(tmp_path / "keys")


def sign(models: Path, key: Path, name: str = "flower") -> int:
    return run(["sign", name, "--models", str(models), "--key", str(key)])


def verify(models: Path, key: Path, *options: str) -> int:
    return run(["verify", "flower", "--models", str(models), "--signed-by", str(key), *PATIENT, *options])


def test_a_model_is_signed_and_verified(models: Path, keys: Keys, capsys: pytest.CaptureFixture[str]) -> None:
    assert sign(models, keys.private) == ExitCode.OK
    signature = models / "flower" / "model.sig"
    digest = keys.signer.digest
    assert capsys.readouterr().out == f"{signature} is written: {len(FLOWER_FILES)} files, signed with key {digest}\n"
    assert verify(models, keys.public) == ExitCode.OK
    assert capsys.readouterr().out == f"{models}/flower: admitted\n"
    assert {file.name for file in (models / "flower").iterdir()} == {*FLOWER_FILES, "model.sig"}


def test_a_signature_that_is_right_stays_byte_for_byte(
    models: Path, keys: Keys, capsys: pytest.CaptureFixture[str]
) -> None:
    sign(models, keys.private)
    before = (models / "flower" / "model.sig").read_bytes()
    capsys.readouterr()
    assert sign(models, keys.private) == ExitCode.OK
    assert capsys.readouterr().out.endswith(f" of these files with key {keys.signer.digest} already\n")
    assert (models / "flower" / "model.sig").read_bytes() == before


def test_a_changed_model_is_signed_anew_and_by_another_key_too(models: Path, keys: Keys, tmp_path: Path) -> None:
    sign(models, keys.private)
    (models / "flower" / "README.md").write_text("new")
    assert verify(models, keys.public) == ExitCode.REFUSED
    assert sign(models, keys.private) == verify(models, keys.public) == ExitCode.OK
    other = make_keys(tmp_path / "other")
    assert sign(models, other.private) == verify(models, other.public) == ExitCode.OK
    assert verify(models, keys.public) == ExitCode.REFUSED


def test_every_changed_file_is_named(models: Path, keys: Keys, capsys: pytest.CaptureFixture[str]) -> None:
    sign(models, keys.private)
    capsys.readouterr()
    for name in ("model.onnx", "model.yaml"):
        with (models / "flower" / name).open("ab") as file:
            file.write(b"\n")
    assert verify(models, keys.public, "--json") == ExitCode.REFUSED
    (flower,) = json.loads(capsys.readouterr().out)
    assert [(Path(found["file"]).name, found["rule"], found["problem"]) for found in flower["findings"]] == [
        ("model.onnx", "signed", "is not as it was signed"),
        ("model.yaml", "signed", "is not as it was signed"),
    ]


def test_an_unsigned_model_is_refused_where_a_key_is_demanded(
    models: Path, keys: Keys, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(models, keys.public) == ExitCode.REFUSED
    finding, _ = capsys.readouterr().err.splitlines()
    assert finding.startswith(f"{models}/flower/model.sig: signed: is missing; ")
    assert finding.endswith("sign the folder with `serin sign` (docs/signing.md)")


def test_a_model_that_is_not_admitted_is_not_signed(
    models: Path, keys: Keys, capsys: pytest.CaptureFixture[str]
) -> None:
    (models / "flower" / "weights.bin").touch()
    assert sign(models, keys.private) == ExitCode.REFUSED
    assert "weights.bin: unlisted: is not listed" in capsys.readouterr().err
    assert not (models / "flower" / "model.sig").exists()


def test_an_unknown_model_is_refused_with_the_nearest(
    models: Path, keys: Keys, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sign(models, keys.private, "flowre") == ExitCode.REFUSED
    assert "did you mean 'flower'?" in capsys.readouterr().err


# --- Keys -------------------------------------------------------------------------------------------------------


def test_a_passphrase_comes_from_the_environment(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = make_keys(tmp_path / "locked", passphrase="größer".encode())
    monkeypatch.setenv(PASSPHRASE_VARIABLE, "grosser")
    assert sign(models, keys.private) == ExitCode.USAGE
    assert capsys.readouterr().err == f"serin: {keys.private}: has another passphrase than the one that was given\n"
    monkeypatch.setenv(PASSPHRASE_VARIABLE, "größer")
    assert sign(models, keys.private) == verify(models, keys.public) == ExitCode.OK


def test_a_passphrase_is_asked_for_in_a_terminal_and_only_there(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = make_keys(tmp_path / "locked", passphrase=b"secret")
    monkeypatch.delenv(PASSPHRASE_VARIABLE, raising=False)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert sign(models, keys.private) == ExitCode.USAGE
    assert f"{keys.private}: has a passphrase; set {PASSPHRASE_VARIABLE}" in capsys.readouterr().err
    answers = {f"Passphrase of {keys.private}: ": "secret"}
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(getpass, "getpass", answers.pop)
    assert sign(models, keys.private) == ExitCode.OK
    assert answers == {}


def private_pem(kind: str) -> bytes:
    secret: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey
    if kind == "rsa":
        secret = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    elif kind == "ed25519":
        secret = ed25519.Ed25519PrivateKey.generate()
    else:
        secret = ec.generate_private_key(ec.SECP256K1())
    return secret.private_bytes(PEM, PKCS8, serialization.NoEncryption())


@pytest.mark.parametrize("kind", ["rsa", "ed25519", "secp256k1"])
def test_a_key_of_another_kind_signs_nothing(
    kind: str, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "key.pem"
    key.write_bytes(private_pem(kind))
    assert sign(models, key) == ExitCode.USAGE
    assert capsys.readouterr().err.startswith(f"serin: {key}: is no elliptic key on P-256, P-384, P-521; make a key")
    assert not (models / "flower" / "model.sig").exists()


def test_a_key_that_is_none_signs_nothing_and_is_one_line(
    models: Path, keys: Keys, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sign(models, keys.public) == ExitCode.USAGE
    assert capsys.readouterr().err.startswith(f"serin: {keys.public}: is no private key in PEM; make one as ")
    assert sign(models, tmp_path) == sign(models, tmp_path / "nowhere.pem") == ExitCode.USAGE
    assert [line.partition("(")[2] for line in capsys.readouterr().err.splitlines()] == [
        "Is a directory)",
        "No such file or directory)",
    ]


def test_the_private_key_is_not_taken_for_the_public_one(
    models: Path, keys: Keys, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(models, keys.private) == ExitCode.USAGE
    assert f"{keys.private}: is a private key; name the public one" in capsys.readouterr().err


@pytest.mark.parametrize("package", ["model_signing", "cryptography"])
def test_without_the_extra_a_line_says_what_to_install(package: str, models: Path, keys: Keys) -> None:
    code = f"import sys; sys.modules[{package!r}] = None; from cli.main import main; main()"
    arguments = ["sign", "flower", "--models", str(models), "--key", str(keys.private)]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False, env=os.environ
    )
    assert done.returncode == ExitCode.USAGE
    assert done.stderr.startswith(f"serin: signatures need the package {package}")
    assert done.stderr.endswith("; run `.venv/bin/pip install -e '.[sign]'`\n")


# --- Where else signatures count --------------------------------------------------------------------------------


def test_a_new_lock_says_that_the_signature_is_of_other_files_and_leaves_it(
    tmp_path: Path, keys: Keys, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_multiply(tmp_path)
    signature = keys.sign(folder)
    arguments = ["lock", "multiply", "--models", str(tmp_path)]
    capsys.readouterr()
    assert run(arguments) == ExitCode.OK
    assert capsys.readouterr().err == ""
    (folder / "model.yaml").write_text((folder / "model.yaml").read_text().replace("Multiplies", "Scales"))
    before = signature.read_bytes()
    assert run(arguments) == ExitCode.OK
    assert capsys.readouterr().err == f"{signature} is of other files now; `serin sign multiply` signs these\n"
    assert signature.read_bytes() == before


def test_a_folder_is_loaded_only_as_it_was_signed(models: Path, keys: Keys) -> None:
    folders = [models / "flower", models / "pair"]
    for folder in folders:
        keys.sign(folder)
    assert [model.name for model in load_models(folders, keys.signer).values()] == ["flower", "pair"]
    (models / "pair" / "README.md").touch()
    with pytest.raises(NotAdmitted, match=r"pair/README\.md: signed: was not there when the folder was signed"):
        load_models(folders, keys.signer)


def test_serving_refuses_what_the_key_has_not_signed(
    models: Path, keys: Keys, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--models", str(models), "--port", "0", "--signed-by", str(keys.public)]
    code = "from cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "serve", *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == ExitCode.REFUSED
    assert done.stderr.startswith(f"serin: {models}/flower/model.sig: signed: is missing; ")


def test_a_changed_model_takes_the_place_of_the_old_one_once_it_is_signed(tmp_path: Path, keys: Keys) -> None:
    models = tmp_path / "models"
    folder = write_multiply(models)
    keys.sign(folder)
    judged, said, published = fingerprints(models), list[str](), list[Service]()
    loaded = load_models(list(judged), keys.signer)
    reloader = Reloader(models, loaded, judged, signer=keys.signer, publish=published.append, report=said.append)
    write_multiply(models, version="1.1.0", factor=3)
    for _ in range(2):
        reloader.look()
    assert published == []
    (line,) = said
    assert line.startswith(f"{folder}/model.lock.json: signed: is not as it was signed; ")
    assert line.endswith("; version 1.0.0 keeps serving")
    keys.sign(folder)
    for _ in range(2):
        reloader.look()
    assert said[1:] == ["multiply 1.1.0 is served now"]
