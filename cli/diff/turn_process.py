"""One turn of one model: `python -m cli.diff.turn_process MEMORY SECONDS FOLDER ROWS`. Prints one ``Turn``.

ROWS is a file with a JSON list of rows. Opens the model, answers every row, and then again for a while to take times.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from serin.admission.apart import limit_process

if TYPE_CHECKING:
    from serin.service import Model

_TIMED_S: Final = 0.1
_MOST_TIMES: Final = 2000


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """What the process says.

    ``error``: why the model could not be opened; then there is nothing else. ``open_ms``: from the file's bytes to a
    model that can answer. ``answers``: the prediction for each row, None where the row was refused; ``refusals``: why,
    None where it was answered. ``row_ms``: times of single rows, from JSON to a prediction.
    """

    error: str = ""
    open_ms: float = 0.0
    answers: list[dict[str, Any] | None] = []
    refusals: list[str | None] = []
    row_ms: list[float] = []


def main(memory: str, seconds: str, folder: str, rows: str) -> None:
    """Take the turn within ``memory`` bytes and ``seconds``."""
    limit_process(memory, seconds)
    from serin.errors import ModelFolderError

    try:
        turn = _turn(Path(folder), msgspec.json.decode(Path(rows).read_bytes()))
    except ModelFolderError as error:
        turn = Turn(error=error.message)
    except MemoryError:
        turn = Turn(error="its memory, serving.memory_mb, does not hold it")
    sys.stdout.buffer.write(msgspec.json.encode(turn))


def _turn(path: Path, rows: Sequence[Any]) -> Turn:
    from serin.engine import EngineOptions
    from serin.errors import SerinError
    from serin.model_folder import load_model_folder, read_artifact
    from serin.service import Model, open_artifact

    folder = load_model_folder(path)
    # An answer that is given again would be compared and timed without the model.
    serving = msgspec.structs.replace(folder.manifest.serving, answer_cache=None)
    manifest = msgspec.structs.replace(folder.manifest, serving=serving)
    artifact = read_artifact(folder)
    begun = time.perf_counter()
    model = Model(manifest, folder.baseline, open_artifact(folder, artifact, EngineOptions()))
    open_ms = (time.perf_counter() - begun) * 1000
    answers: list[dict[str, Any] | None] = []
    refusals: list[str | None] = []
    bodies = [msgspec.json.encode({"instances": [row]}) for row in rows]
    for body in bodies:
        try:
            answers.append(_answer(model, body))
            refusals.append(None)
        except SerinError as error:
            answers.append(None)
            refusals.append(error.message)
    taken = [body for body, answer in zip(bodies, answers, strict=True) if answer is not None]
    return Turn(open_ms=open_ms, answers=answers, refusals=refusals, row_ms=list(_times(model, taken)))


def _times(model: Model, bodies: Sequence[bytes]) -> Iterator[float]:
    """Milliseconds of single rows, in turn, for some time."""
    end = time.perf_counter() + _TIMED_S
    for number in range(_MOST_TIMES if bodies else 0):
        begun = time.perf_counter()
        if begun > end:
            return
        _answer(model, bodies[number % len(bodies)])
        yield (time.perf_counter() - begun) * 1000


def _answer(model: Model, body: bytes) -> dict[str, Any]:
    inputs = model.rows.decode(body)
    deadline = time.monotonic() + model.manifest.serving.timeout_seconds
    return model.predict(model.infer(inputs, model.predictor.outputs, deadline))[0]


if __name__ == "__main__":
    main(*sys.argv[1:])
