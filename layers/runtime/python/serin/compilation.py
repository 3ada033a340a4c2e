"""``python -m serin.compiled FOLDER [INTO [SIGNER]]``: a model folder into a compiled model, when an image is built.

Everything is checked here, once: the manifest against the lock, the artifact against its digest and its signature, the
golden cases against what will be served. Where SIGNER (``Signer.text``) is given, this key must have signed the folder;
that is checked first. What starts from the image then checks none of it again: an image does not change. A folder that
does not hold gives one line and no compiled model.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from serin.admission import refuse_unsigned
from serin.compiled import COMPILED_FILE, HERE, CompiledModel, open_compiled
from serin.engine import EngineOptions, ModelLoadError, is_prepacked, optimize
from serin.errors import ModelFolderError, SerinError
from serin.golden import GoldenCase, answer_differences, read_golden
from serin.model_folder import LOCK_FILE, ModelFolder, load_model_folder, read_artifact
from serin.predictions import Prediction
from serin.service import Model, open_artifact
from serin.signer import Signer, SignerError, signer_of_text

USAGE: Final = "usage: python -m serin.compiled FOLDER [INTO [SIGNER]]"


def compile_model(folder: Path, into: Path, signer: Signer | None = None) -> None:
    """Write the compiled model of ``folder`` into the folder ``into``, which may be ``folder`` itself.

    ``into`` then holds all that serving and a bill of materials read: ``model.msgpack``, the artifact, the lock.
    ``signer``: the key that must have signed the folder, if one must; what starts then can tell by its digest.

    Raises:
        NotAdmitted: ``signer`` has not signed the folder as it is.
        ModelFolderError: the folder is not valid, or its model does not answer its golden cases as it must.
    """
    if signer is not None:
        refuse_unsigned(folder, signer)
    source = load_model_folder(folder)
    artifact = read_artifact(source)
    original = open_artifact(source, artifact, EngineOptions())
    into.mkdir(parents=True, exist_ok=True)
    name, served = _optimized(source, artifact)
    compiled = CompiledModel(
        versions=HERE,
        artifact=name,
        divides=original.divides,
        prepack=is_prepacked(served),
        manifest=source.manifest,
        lock=source.lock,
        baseline=source.baseline,
        signer=None if signer is None else signer.digest,
    )
    _write(into / name, served)
    _check_golden(source, open_compiled(str(into), compiled, EngineOptions()))
    if into.resolve() != folder.resolve():
        _write(into / LOCK_FILE, (folder / LOCK_FILE).read_bytes())
    _write(into / COMPILED_FILE, msgspec.msgpack.encode(compiled))


def _optimized(source: ModelFolder, artifact: bytes) -> tuple[str, bytes]:
    """Name and bytes of what is served. A graph that is in ONNX Runtime's own format has been optimised before."""
    declared, level = source.manifest.artifact, source.manifest.serving.optimization
    if declared.format == "ort" or level == "none":
        return declared.file, artifact
    try:
        return f"{declared.file.removesuffix('.onnx')}.ort", optimize(artifact, level)
    except ModelLoadError as error:
        hint = "; `serving.optimization: none` serves it as it is"
        raise ModelFolderError(str(source.path / declared.file), None, error.message + hint) from None


def _check_golden(source: ModelFolder, model: Model) -> None:
    if source.lock.golden is None:
        return
    file = source.path / source.lock.golden.file.file
    for number, case in enumerate(read_golden(file), start=1):
        try:
            problem = next(answer_differences(model.manifest, _answer(model, case), case.prediction), None)
        except SerinError as error:
            problem = f"the model does not answer: {error.message}"
        if problem is not None:
            hint = "as it is served; `serving.optimization: none` serves the artifact as it is"
            raise ModelFolderError(str(file), f"line {number}", f"{problem}, {hint}")


def _answer(model: Model, case: GoldenCase) -> Prediction:
    inputs = model.rows.decode(msgspec.json.encode({"instances": [case.instance]}))
    inference = model.infer(inputs, model.predictor.outputs, time.monotonic() + model.manifest.serving.timeout_seconds)
    (prediction,) = model.predict(inference)
    return prediction


def _write(file: Path, data: bytes) -> None:
    """Whole or not at all."""
    beside = file.with_name(f"{file.name}.new")
    beside.write_bytes(data)
    beside.replace(file)


def main(arguments: Sequence[str]) -> int:
    """0 when it is written; 1 for a folder that does not hold, 2 for other arguments than ``USAGE`` names."""
    if len(arguments) not in {1, 2, 3}:
        sys.stderr.write(f"{USAGE}\n")
        return 2
    try:
        folder, into, *signers = arguments[0], *(arguments[1:] or arguments)
        compile_model(Path(folder), Path(into), *map(signer_of_text, signers))
    except (ModelFolderError, SignerError) as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    return 0
