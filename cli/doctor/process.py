"""The process that runs a model without the emulator: `python -m cli.doctor.process MEMORY SECONDS FOLDER`.

Limits itself, opens the model, asks what the emulated function is asked, and prints its ``Figures``.
"""

from __future__ import annotations

import io
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from cli.doctor.answer import Answered, read
from local.process_memory import own_peak_memory_mb
from serin.admission.apart import limit_process

if TYPE_CHECKING:
    from cli.doctor.payload import Payload
    from serin.rest import DataPlane


class Figures(msgspec.Struct, frozen=True):
    """As ``measuring.Measured`` has them, at this machine's full speed."""

    init_s: float | None = None
    row_ms: float | None = None
    answer_bytes: int = 0
    batch_rows: int = 0
    batch_ms: float | None = None
    peak_mb: float | None = None
    refused_row: str = ""
    refused_batch: str = ""
    late: bool = False
    killed: bool = False


def main(memory: str, seconds: str, folder: str) -> None:
    """Run the model in ``folder`` within ``memory`` bytes and ``seconds``."""
    limit_process(memory, seconds)
    begun = time.perf_counter()
    try:
        figures = _run(Path(folder), begun)
    except MemoryError:
        figures = Figures(refused_row="out of memory", killed=True)
    sys.stdout.buffer.write(msgspec.json.encode(figures))


def _run(folder: Path, begun: float) -> Figures:
    from cli.doctor.payload import payload_of
    from serin.engine import EngineOptions
    from serin.errors import SerinError
    from serin.model_folder import load_model_folder
    from serin.observability import Observer, ObserverSettings
    from serin.rest import DataPlane
    from serin.service import Service, load_model

    payload = payload_of(load_model_folder(folder))
    try:
        model = load_model(folder, EngineOptions(threads=1))
    except SerinError as error:
        return Figures(refused_row=error.message, killed="alloc" in error.message)
    plane = DataPlane(Service([model]), Observer(ObserverSettings(stream=io.StringIO())))
    init = time.perf_counter() - begun
    figures = _asked(plane, model.name, model.manifest.serving.timeout_seconds, payload)
    return msgspec.structs.replace(figures, init_s=init, peak_mb=own_peak_memory_mb())


def _asked(plane: DataPlane, name: str, seconds: int, payload: Payload) -> Figures:
    from cli.doctor.payload import request_of

    one = request_of(payload, 1)
    _ask(plane, name, seconds, one)
    row_ms, answered = _ask(plane, name, seconds, one)
    if answered.refused:
        return Figures(refused_row=answered.refused, late=answered.late)
    size = answered.bytes_a_row
    rows = payload.answered_with(size).rows_that_fit
    if rows < 2:
        return Figures(row_ms=row_ms, answer_bytes=size, batch_rows=rows, batch_ms=row_ms)
    took, answered = _ask(plane, name, seconds, request_of(payload, rows))
    return Figures(
        row_ms=row_ms,
        answer_bytes=size,
        batch_rows=rows,
        batch_ms=None if answered.refused else took,
        refused_batch=answered.refused,
        late=answered.late,
    )


def _ask(plane: DataPlane, name: str, seconds: int, body: bytes) -> tuple[float, Answered]:
    """Milliseconds, and the answer."""
    from serin.rest import JSON, Request

    begun = time.monotonic()
    headers = {"content-type": JSON}
    answer = plane(Request("POST", f"/models/{name}/predict", headers, body, "doctor", begun + seconds))
    return (time.monotonic() - begun) * 1000, read(answer.status, answer.body)


if __name__ == "__main__":
    main(*sys.argv[1:])
