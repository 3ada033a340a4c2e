"""The process that opens a model for the first time: `python -m serin.admission.trial_process MEMORY SECONDS FOLDER`.

Limits itself, opens the model as a server does, answers the golden cases, and prints one ``Report``. If it dies
instead, that is the report.
"""

from __future__ import annotations

import hashlib
import math
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from serin.admission.apart import limit_process
from serin.admission.rules import GOLDEN, MEMORY, OPENING
from serin.admission.trial import Report
from serin.errors import InvalidInput, ModelFolderError, SerinError
from serin.golden import answer_differences, read_golden
from serin.model_folder import GOLDEN_FILE

if TYPE_CHECKING:
    from hashlib import _Hash as Digest

    from serin.protocol import TensorMetadata
    from serin.service import Inference, Model
    from serin.tensor import Tensor

_MOST_CASES: Final = 1000
_NO_MEMORY: Final = ("bad_alloc", "bad allocation", "allocate memory", "Failed to allocate")


def main(memory: str, seconds: str, folder: str) -> None:
    """Open the model in ``folder`` within ``memory`` bytes and ``seconds``."""
    limit_process(memory, seconds)
    sys.stdout.buffer.write(msgspec.json.encode(_try(Path(folder))))


def _try(folder: Path) -> Report:
    try:
        from serin.engine import EngineOptions
        from serin.service import load_model

        return _answer(load_model(folder, EngineOptions()), folder)
    except MemoryError:
        return Report(rule=MEMORY.name, problem="the function's memory does not hold it")
    except ModelFolderError as error:
        rule = MEMORY if any(sign in error.message for sign in _NO_MEMORY) else OPENING
        return Report(rule=rule.name, problem=error.message)


def _answer(model: Model, folder: Path) -> Report:
    """A digest of every output of every golden case; of one row of zeros where there is none."""
    digest = hashlib.sha256()
    file = folder / GOLDEN_FILE
    cases = read_golden(file)[:_MOST_CASES] if file.exists() else []
    for number, case in enumerate(cases, start=1):
        try:
            inference = _infer(model, model.rows.decode(msgspec.json.encode({"instances": [case.instance]})))
            problems = list(answer_differences(model.manifest, model.predict(inference)[0], case.prediction))
        except SerinError as error:
            problems = [f"the model does not answer: {error.message}"]
        if problems:
            return Report(rule=GOLDEN.name, problem=f"{GOLDEN_FILE}, line {number}: {problems[0]}")
        _add(digest, inference.outputs)
    if not cases:
        try:
            _add(digest, _infer(model, {tensor.name: _zeros(tensor) for tensor in model.inputs}).outputs)
        except InvalidInput:
            pass  # the manifest allows no zeros, so the model was not asked
        except SerinError as error:
            return Report(rule=GOLDEN.name, problem=f"there is no golden case, and for zeros {error.message}")
    return Report(digest=digest.hexdigest())


def _infer(model: Model, inputs: Mapping[str, Tensor]) -> Inference:
    outputs = [output.name for output in model.outputs]
    return model.infer(inputs, outputs, time.monotonic() + model.manifest.serving.timeout_seconds)


def _zeros(tensor: TensorMetadata) -> Tensor:
    """One row."""
    from serin.tensor import Tensor

    shape = tuple(1 if axis == -1 else axis for axis in tensor.shape)
    size = tensor.datatype.itemsize
    return Tensor(tensor.datatype, shape, [b""] * math.prod(shape) if size is None else bytes(math.prod(shape) * size))


def _add(digest: Digest, outputs: Mapping[str, Tensor]) -> None:
    for name, tensor in outputs.items():
        digest.update(f"{name} {tensor.shape}".encode())
        for part in tensor.data if isinstance(tensor.data, list) else (tensor.data,):
            digest.update(len(part).to_bytes(8) + part)


if __name__ == "__main__":
    main(*sys.argv[1:])
