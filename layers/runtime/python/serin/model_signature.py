"""``model.sig``: the signature of a model folder, read and checked. ``serin sign`` writes it.

The format is OpenSSF model signing's, version 1.0, with a key instead of Sigstore's services: a Sigstore bundle (v0.3)
around a DSSE envelope around an in-toto statement, which has the digest of each file. Other programs write and check
it, too. Here less is taken than the format allows: one SHA-256 a file, and every file but the signature itself.

- https://github.com/ossf/model-signing-spec
- https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md
- https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from serin.model_folder import SIGNATURE_FILE
from serin.signer import Signer

_STATEMENT: Final = "application/vnd.in-toto+json"


class SignatureError(Exception):
    """There is no signature, or not the one that is demanded. The text says why, without the file's name."""


class _Part(msgspec.Struct, frozen=True, rename="camel"):
    """Of each part, what is read of it; the format may have more."""


class _Signature(_Part, frozen=True):
    sig: bytes


class _Envelope(_Part, frozen=True):
    payload: bytes
    payload_type: Literal["application/vnd.in-toto+json"]
    signatures: tuple[_Signature]


class _Bundle(_Part, frozen=True):
    media_type: Literal["application/vnd.dev.sigstore.bundle.v0.3+json"]
    dsse_envelope: _Envelope


class _Resource(_Part, frozen=True):
    name: str
    algorithm: Literal["sha256"]
    digest: str


class _Serialization(_Part, frozen=True):
    method: Literal["files"]


class _Predicate(_Part, frozen=True):
    serialization: _Serialization
    resources: tuple[_Resource, ...]


class _Statement(_Part, frozen=True):
    type: Literal["https://in-toto.io/Statement/v1"] = msgspec.field(name="_type")
    predicate_type: Literal["https://model_signing/signature/v1.0"]
    predicate: _Predicate


def signature_differences(folder: Path, signer: Signer) -> Iterator[tuple[str, str]]:
    """Names in ``folder``, each with how it is not what ``signer`` has signed; none for a folder that is.

    Reads every file, so look at their kinds and sizes first: ``serin.admission`` does.
    """
    try:
        signed = signed_files(_read(folder / SIGNATURE_FILE), signer)
    except SignatureError as error:
        yield SIGNATURE_FILE, str(error)
    else:
        yield from file_differences(folder, signed)


def signed_files(data: bytes, signer: Signer) -> dict[str, str]:
    """SHA-256 in hex of each file, by name, as the signature ``data`` has it.

    Raises:
        SignatureError: it is not ``signer``'s, or not of this format.
    """
    envelope = _decode(data, _Bundle).dsse_envelope
    if not signer.has_signed(_authenticated(envelope.payload), envelope.signatures[0].sig):
        raise SignatureError(f"was not made with the key {signer.digest[:16]}..., or was changed")
    return _files_of(envelope.payload)


def is_outdated(folder: Path) -> bool:
    """Whether a signature lies in ``folder`` that is of other files, whoever made it."""
    file = folder / SIGNATURE_FILE
    if not file.exists():
        return False
    try:
        return any(file_differences(folder, _files_of(_decode(_read(file), _Bundle).dsse_envelope.payload)))
    except SignatureError:
        return True


def file_differences(folder: Path, signed: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Names in ``folder``, each with how it is not what ``signed`` says: SHA-256 in hex by name."""
    found = {path.name for path in folder.iterdir()} - {SIGNATURE_FILE}
    for name in sorted(found | signed.keys()):
        if name not in found:
            yield name, "was signed and is not there"
        elif name not in signed:
            yield name, "was not there when the folder was signed"
        elif _digest(folder / name) != signed[name]:
            yield name, "is not as it was signed"


def _authenticated(payload: bytes) -> bytes:
    """What is signed: DSSE's pre-authentication encoding of a statement."""
    return b"DSSEv1 %d %s %d %s" % (len(_STATEMENT), _STATEMENT.encode("ascii"), len(payload), payload)


def _files_of(payload: bytes) -> dict[str, str]:
    resources = _decode(payload, _Statement).predicate.resources
    files = {resource.name: resource.digest for resource in resources}
    if len(files) < len(resources):
        raise SignatureError("names a file twice; sign the folder with `serin sign`")
    return files


def _decode(data: bytes, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise SignatureError("is no signature of a model with a key and one SHA-256 a file, or is damaged") from None


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise SignatureError("is missing") from None
    except OSError as error:
        raise SignatureError(f"cannot be read ({error.strerror})") from None


def _digest(file: Path) -> str | None:
    """None where it cannot be read: it is then not what was signed."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError:
        return None
