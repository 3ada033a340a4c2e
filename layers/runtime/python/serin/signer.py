"""The key that model folders must be signed with: the public half of an elliptic key, and its digest.

The package cryptography is imported only where a signature is checked: on a laptop, at synthesis, in the build of an
image. What serves compares digests.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from serin.errors import SerinError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.hashes import HashAlgorithm

MISSING_PACKAGE: Final = "signatures need the package {}; run `.venv/bin/pip install -e '.[sign]'`"
CURVES: Final = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
"""Those of OpenSSF model signing, as SEC 2 and as NIST name them."""


class SignerError(SerinError):
    """A key cannot be used, or what checks signatures is not installed. One line that says what to do."""

    code = "invalid_signer"


@dataclass(frozen=True, slots=True)
class Signer:
    """A public key. ``der``: its SubjectPublicKeyInfo (RFC 5280, 4.1.2.7) in DER, the point uncompressed."""

    der: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of ``der`` in hex: the name of the key where a name is enough."""
        return hashlib.sha256(self.der).hexdigest()

    @property
    def text(self) -> str:
        """``der`` as one line of base64, for an argument. ``signer_of_text`` reads it."""
        return base64.b64encode(self.der).decode("ascii")

    def has_signed(self, message: bytes, signature: bytes) -> bool:
        """Whether ``signature`` (ECDSA in DER, with the hash of the curve's size) is this key's of ``message``."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ec import ECDSA

        key = _public_key(self.der, "DER")
        try:
            key.verify(signature, message, ECDSA(_hash_of(key)))
        except InvalidSignature:
            return False
        return True


def read_signer(file: Path) -> Signer:
    """The public key in a PEM file.

    Raises:
        SignerError: it cannot be read, or is no public key on a curve of ``CURVES``.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise SignerError(f"{file}: cannot be read ({error.strerror})") from None
    if b"PRIVATE KEY-----" in data:
        problem = f"is a private key; name the public one, which `openssl pkey -in {file} -pubout` writes"
        raise SignerError(f"{file}: {problem}")
    return signer_of_pem(str(file), data)


def signer_of_pem(where: str, data: bytes) -> Signer:
    """The public key in ``data``; ``where`` names it in errors.

    Raises:
        SignerError: there is none, or none on a curve of ``CURVES``.
    """
    return _signer(where, data, "PEM")


def signer_of_text(text: str) -> Signer:
    """The key that ``Signer.text`` is of.

    Raises:
        SignerError: there is none in it.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    return _signer("the signer", data, "DER")


def _signer(where: str, data: bytes, encoding: str) -> Signer:
    try:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        key = _public_key(data, encoding)
    except ModuleNotFoundError:
        raise SignerError(MISSING_PACKAGE.format("cryptography")) from None
    except ValueError as error:
        raise SignerError(f"{where}: {error}; make a key as docs/signing.md says") from None
    return Signer(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _public_key(data: bytes, encoding: str) -> EllipticCurvePublicKey:
    """Raises ValueError: no public key, or one of another kind."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key

    try:
        key = load_pem_public_key(data) if encoding == "PEM" else load_der_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(f"is no public key in {encoding}") from None
    if not isinstance(key, EllipticCurvePublicKey) or key.curve.name not in CURVES:
        raise ValueError(f"is no elliptic key on {', '.join(CURVES.values())}")
    return key


def _hash_of(key: EllipticCurvePublicKey) -> HashAlgorithm:
    from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512

    of_curve: dict[str, HashAlgorithm] = {"secp256r1": SHA256(), "secp384r1": SHA384(), "secp521r1": SHA512()}
    return of_curve[key.curve.name]
