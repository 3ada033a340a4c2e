"""A compiled model: a model folder as an image holds it, checked when the image was built and ready to be opened.

``python -m serin.compiled FOLDER [INTO]`` writes one (``serin.compilation``). Here it is read, which is on the way of
each start: no YAML, no digests, nothing that a build has settled. A compiled model is as trusted as the code beside it.
"""

from __future__ import annotations

import os
import sys
from typing import Final

import msgspec

from serin.baseline import Baseline
from serin.engine import RUNTIME_VERSION, EngineOptions, ModelLoadError, Session
from serin.errors import ModelFolderError
from serin.lock import Lock
from serin.manifest import Manifest
from serin.protocol import SERVER
from serin.service import Model

COMPILED_FILE: Final = "model.msgpack"


class Versions(msgspec.Struct, frozen=True):
    """What a compiled model was made by, and can be opened with."""

    serin: str
    onnxruntime: str


HERE: Final = Versions(serin=SERVER.version, onnxruntime=RUNTIME_VERSION)


class CompiledModel(msgspec.Struct, frozen=True):
    """All of ``model.msgpack``.

    ``artifact``: the file beside it that is served; one that ends in ``.ort`` is mapped into memory, not read.
    ``divides``: as ``Session.divides``. ``prepack``: as ``Session.map`` takes it. ``signer``: ``Signer.digest`` of the
    key that has signed the folder, where the build has demanded one.
    """

    versions: Versions
    artifact: str
    divides: bool
    prepack: bool
    manifest: Manifest
    lock: Lock
    baseline: Baseline | None
    signer: str | None = None


class _Stamp(msgspec.Struct, frozen=True):
    """What can be read of any version's ``model.msgpack``."""

    versions: Versions


def find_compiled(models: str) -> list[str]:
    """Sub-folders of ``models`` that hold a compiled model, by name; none where there is no such folder."""
    if not os.path.isdir(models):
        return []
    folders = [os.path.join(models, name) for name in sorted(os.listdir(models))]
    return [folder for folder in folders if os.path.isfile(os.path.join(folder, COMPILED_FILE))]


def load_compiled(folder: str, options: EngineOptions, signer: str | None = None) -> Model:
    """Open the compiled model in ``folder``. ``signer``: ``Signer.digest`` of the key that is demanded, if one is.

    Raises:
        ModelFolderError: it is damaged, was compiled by other versions, or of a folder that ``signer`` has not signed.
    """
    file = os.path.join(folder, COMPILED_FILE)
    compiled = read_compiled(file)
    if signer is not None and compiled.signer != signer:
        checked = "no key" if compiled.signer is None else f"the key {compiled.signer[:16]}..."
        problem = f"was built for {checked}, and the key {signer[:16]}... is demanded; build the image for this stage"
        raise ModelFolderError(file, "signer", problem)
    return open_compiled(folder, compiled, options)


def read_compiled(file: str) -> CompiledModel:
    """Read a ``model.msgpack``.

    Raises:
        ModelFolderError: it is damaged, or was compiled by other versions.
    """
    try:
        with open(file, "rb") as opened:
            data = opened.read()
        versions = msgspec.msgpack.decode(data, type=_Stamp).versions
        if versions != HERE:
            raise ModelFolderError(file, None, f"is for {_text(versions)}, and this is {_text(HERE)}; compile it again")
        return msgspec.msgpack.decode(data, type=CompiledModel)
    except OSError as error:
        raise ModelFolderError(file, None, f"cannot be read ({error.strerror})") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ModelFolderError(file, None, "is no compiled model; compile it again") from None


def open_compiled(folder: str, compiled: CompiledModel, options: EngineOptions) -> Model:
    """Open the artifact of ``compiled``, which lies in ``folder``.

    Raises:
        ModelFolderError: ONNX Runtime cannot open it.
    """
    file = os.path.join(folder, compiled.artifact)
    try:
        if file.endswith(".ort"):
            session = Session.map(file, options, divides=compiled.divides, prepack=compiled.prepack)
        else:
            with open(file, "rb") as opened:
                session = Session.load(opened.read(), options)
    except ModelLoadError as error:
        raise ModelFolderError(file, None, error.message) from None
    except OSError as error:
        raise ModelFolderError(file, None, f"cannot be read ({error.strerror})") from None
    return Model(compiled.manifest, compiled.baseline, session)


def _text(versions: Versions) -> str:
    return f"Serin {versions.serin} with ONNX Runtime {versions.onnxruntime}"


if __name__ == "__main__":
    from serin.compilation import main

    sys.exit(main(sys.argv[1:]))
