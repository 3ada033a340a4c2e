"""The keys that commands are given: the private one that signs, and the public one that must have signed."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cli.outcome import CommandError, ExitCode
from serin.signer import MISSING_PACKAGE, Signer, SignerError, read_signer, signer_of_pem

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

PASSPHRASE_VARIABLE: Final = "SERIN_SIGNING_PASSPHRASE"  # noqa: S105 - a name


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey:
    """A private key that can sign: its file, its passphrase if it has one, and its public half."""

    file: Path
    passphrase: bytes | None
    signer: Signer


def demanded_signer(file: Path | None) -> Signer | None:
    """The public key that `--signed-by` names, if it names one.

    Raises:
        CommandError: it cannot be used.
    """
    try:
        return None if file is None else read_signer(file)
    except SignerError as error:
        raise CommandError(ExitCode.USAGE, error.message) from None


def read_signing_key(file: Path) -> SigningKey:
    """The private key in a PEM file. Its passphrase, if it has one, is in the environment, or is asked for.

    Raises:
        CommandError: it cannot be read, is no key that signs models, or its passphrase is not known.
    """
    try:
        return _read(file)
    except ModuleNotFoundError as error:
        raise CommandError(ExitCode.USAGE, MISSING_PACKAGE.format(error.name)) from None
    except SignerError as error:
        raise CommandError(ExitCode.USAGE, error.message) from None
    except OSError as error:
        raise CommandError(ExitCode.USAGE, f"{file}: cannot be read ({error.strerror})") from None


def _read(file: Path) -> SigningKey:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    data, passphrase = file.read_bytes(), None
    try:
        private = _private_key(data, None)
    except TypeError:  # cryptography's word for a key that has a passphrase
        passphrase = _passphrase(file)
        private = _private_key(data, passphrase)
    except ValueError:
        raise SignerError(f"{file}: is no private key in PEM; make one as docs/signing.md says") from None
    if private is None:
        raise SignerError(f"{file}: has another passphrase than the one that was given")
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return SigningKey(file, passphrase, signer_of_pem(str(file), public))


def _private_key(data: bytes, passphrase: bytes | None) -> PrivateKeyTypes | None:
    """None when the passphrase is not the key's. Raises TypeError when it has one, ValueError when this is no key."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key(data, passphrase)
    except (ValueError, UnsupportedAlgorithm):
        if passphrase is None:
            raise ValueError from None
        return None


def _passphrase(file: Path) -> bytes:
    given = os.environ.get(PASSPHRASE_VARIABLE)
    if given is None and sys.stdin.isatty():
        from getpass import getpass

        given = getpass(f"Passphrase of {file}: ")
    if not given:
        raise SignerError(f"{file}: has a passphrase; set {PASSPHRASE_VARIABLE}, or run the command in a terminal")
    return given.encode("utf-8")
