"""Keys to sign with, made for a test."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cli.sign import sign_model
from serin.signer import Signer, read_signer


@dataclass(frozen=True)
class Keys:
    """A private key, and both halves as PEM files."""

    secret: ec.EllipticCurvePrivateKey
    private: Path
    public: Path

    @property
    def signer(self) -> Signer:
        return read_signer(self.public)

    def sign(self, folder: Path) -> Path:
        """Sign ``folder``, as `serin sign` does; its signature."""
        sign_model(folder, self.private)
        return folder / "model.sig"


def make_keys(room: Path, curve: ec.EllipticCurve | None = None, passphrase: bytes | None = None) -> Keys:
    """New keys in ``room``, on P-256 unless ``curve`` says otherwise."""
    room.mkdir(parents=True, exist_ok=True)
    secret = ec.generate_private_key(curve or ec.SECP256R1())
    keys = Keys(secret, room / "signing.pem", room / "signer.pem")
    encryption = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    keys.private.write_bytes(
        secret.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    )
    keys.public.write_bytes(
        secret.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return keys
