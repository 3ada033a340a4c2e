"""`serin sign`: the signature of every file of a model folder, in OpenSSF model signing's format."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import cast

from cli.files import replace_text
from cli.keys import SigningKey, read_signing_key
from cli.outcome import CommandError, ExitCode
from serin.admission import admit_unopened
from serin.errors import ModelFolderError
from serin.model_folder import SIGNATURE_FILE
from serin.model_signature import file_differences, signature_differences, signed_files
from serin.signer import MISSING_PACKAGE


def sign_model(folder: Path, key_file: Path) -> None:
    """Sign every file of ``folder`` with the private key in ``key_file``, into ``model.sig``.

    A folder that this key has signed as it is keeps its signature, byte for byte: a new one would differ, as ECDSA
    draws a number for each.

    Raises:
        CommandError: the key cannot be used, or the extra `sign` is not installed.
        ModelFolderError: the folder is not admitted, or changed meanwhile.
    """
    admit_unopened(folder)
    key = read_signing_key(key_file)
    file, digest = folder / SIGNATURE_FILE, key.signer.digest
    if not any(signature_differences(folder, key.signer)):
        print(f"{file} is the signature of these files with key {digest} already")
        return
    text = _signature(folder, key)
    signed = signed_files(text.encode("utf-8"), key.signer)
    for name, problem in file_differences(folder, signed):
        raise ModelFolderError(str(folder / name), None, f"{problem} just now; sign again when nothing changes it")
    replace_text(file, text)
    print(f"{file} is written: {len(signed)} files, signed with key {digest}")


def _signature(folder: Path, key: SigningKey) -> str:
    try:
        from model_signing.hashing import Config as Hashing
        from model_signing.signing import Config
    except ModuleNotFoundError as error:
        raise CommandError(ExitCode.USAGE, MISSING_PACKAGE.format(error.name)) from None

    # It would pass over files of Git by itself; admission has let in nothing that may be passed over.
    hashing = Hashing().set_ignored_paths(  # type: ignore[no-untyped-call]
        paths=[SIGNATURE_FILE], ignore_git_paths=False
    )
    # Annotated as text, and handed on to cryptography, which takes bytes alone.
    passphrase = cast("str | None", key.passphrase)
    config = Config().use_elliptic_key_signer(  # type: ignore[no-untyped-call]
        private_key=key.file, password=passphrase
    )
    with tempfile.TemporaryDirectory() as room:
        written = Path(room, SIGNATURE_FILE)
        config.set_hashing_config(hashing).sign(folder.resolve(), written)
        return written.read_text(encoding="utf-8")
