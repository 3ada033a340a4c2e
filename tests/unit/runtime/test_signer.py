"""Public keys: what is read, what is refused, what they have signed."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from serin.signer import SignerError, read_signer, signer_of_text
from tests.signing_keys import make_keys

CURVES = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
HASHES = {"P-256": hashes.SHA256(), "P-384": hashes.SHA384(), "P-521": hashes.SHA512()}
PEM, SPKI = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo


@pytest.mark.parametrize("curve", CURVES)
def test_a_key_is_the_same_from_its_file_and_from_its_text(curve: str, tmp_path: Path) -> None:
    keys = make_keys(tmp_path, CURVES[curve])
    signer = read_signer(keys.public)
    assert signer_of_text(signer.text) == signer
    assert "\n" not in signer.text
    der = keys.secret.public_key().public_bytes(serialization.Encoding.DER, SPKI)
    assert signer.digest == hashlib.sha256(der).hexdigest()


@pytest.mark.parametrize("curve", CURVES)
def test_it_knows_what_it_has_signed_and_nothing_else(curve: str, tmp_path: Path) -> None:
    keys = make_keys(tmp_path / "one", CURVES[curve])
    other = make_keys(tmp_path / "other", CURVES[curve])
    signature = keys.secret.sign(b"message", ec.ECDSA(HASHES[curve]))
    assert keys.signer.has_signed(b"message", signature)
    assert not keys.signer.has_signed(b"massage", signature)
    assert not other.signer.has_signed(b"message", signature)
    for damaged in (b"", b"\0" * 70, signature[:-1], signature + b"\0"):
        assert not keys.signer.has_signed(b"message", damaged)


def test_a_key_that_is_written_compressed_is_the_same_key(tmp_path: Path) -> None:
    public = make_keys(tmp_path).secret.public_key()
    point = public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)
    # SubjectPublicKeyInfo of P-256 with a point of 33 bytes: algorithm, then the bits.
    algorithm = bytes.fromhex("301306072a8648ce3d020106082a8648ce3d030107")
    der = b"\x30\x39" + algorithm + b"\x03\x22\x00" + point
    assert signer_of_text(base64.b64encode(der).decode()) == read_signer(tmp_path / "signer.pem")


def public_pem(kind: str, room: Path) -> bytes:
    if kind == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key().public_bytes(PEM, SPKI)
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(PEM, SPKI)
    return ec.generate_private_key(ec.SECP256K1()).public_key().public_bytes(PEM, SPKI)


@pytest.mark.parametrize("kind", ["rsa", "ed25519", "secp256k1"])
def test_a_key_of_another_kind_is_one_line_that_says_which_are_taken(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(public_pem(kind, tmp_path))
    with pytest.raises(SignerError, match=re.escape(f"{file}: is no elliptic key on P-256, P-384, P-521; make a key")):
        read_signer(file)


@pytest.mark.parametrize("data", [b"", b"no key", b"-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n"])
def test_a_file_without_a_key_is_one_line(data: bytes, tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(data)
    with pytest.raises(SignerError, match=re.escape(f"{file}: is no public key in PEM")):
        read_signer(file)


def test_a_private_key_is_refused_with_the_command_that_makes_the_public_one(tmp_path: Path) -> None:
    private = make_keys(tmp_path).private
    with pytest.raises(
        SignerError, match=re.escape(f"is a private key; name the public one, which `openssl pkey -in {private}")
    ):
        read_signer(private)


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SignerError, match=r"nowhere\.pem: cannot be read \(No such file"):
        read_signer(tmp_path / "nowhere.pem")


@pytest.mark.parametrize("text", ["", "not base64!", "MFkw", "é"])
def test_a_text_without_a_key_is_refused(text: str) -> None:
    with pytest.raises(SignerError, match="the signer: is no public key in DER"):
        signer_of_text(text)


def test_without_the_package_that_checks_signatures_a_line_says_what_to_install(tmp_path: Path) -> None:
    public = make_keys(tmp_path).public
    code = (
        "import sys; sys.modules['cryptography'] = None\n"
        "from pathlib import Path\n"
        "from serin.signer import SignerError, read_signer\n"
        "try: read_signer(Path(sys.argv[1]))\n"
        "except SignerError as error: print(error.message)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, public], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout == "signatures need the package cryptography; run `.venv/bin/pip install -e '.[sign]'`\n"
