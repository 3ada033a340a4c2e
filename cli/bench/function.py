"""The inference function of one model, as this machine runs it: built as its image is, under AWS's interface emulator.

Times are the emulator's own, which stand where Lambda's would in a function's log.
"""

from __future__ import annotations

import re
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from cli.bench.proxy import Fault, ProxyAnswer, predict_event, read_answer
from cli.bench.rows import request_bodies
from local.cpu_share import Limited
from local.image_folder import build_image
from local.process_memory import peak_memory_mb
from local.rie import RieProcess, RieSettings
from serin.model_folder import MANIFEST_FILE, ModelFolder

INIT_SECONDS: Final = 10
"""Lambda ends a longer start (AWS Lambda developer guide, "Init phase")."""

_PYTHON: Final = Path(sys.executable)
_DURATION: Final = re.compile(r"^REPORT RequestId: .*\tDuration: ([0-9.]+) ms\t")
_KILLED: Final = "signal: killed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """The inference function of one model as this machine runs it. ``bodies``: what it is asked, in turn."""

    model: str
    program: tuple[str, ...]
    directory: Path
    environment: dict[str, str]
    timeout_s: int
    bodies: Sequence[bytes]


@contextmanager
def inference_function(folder: ModelFolder) -> Iterator[Function]:
    """The function as its image holds it, with this Python.

    Raises:
        ModelFolderError: the golden cases cannot be read.
        LocalError: a step of the image's build fails.
    """
    manifest = folder.manifest
    golden = folder.lock.golden.file.file if folder.lock.golden else None
    with tempfile.TemporaryDirectory(prefix="serin-bench-") as room:
        models = _without_kept_answers(folder, Path(room, "models"))
        image = build_image(models, manifest.name, Path(room, "image"))
        yield Function(
            model=manifest.name,
            program=image.program,
            directory=image.task,
            environment=dict(image.environment),
            timeout_s=manifest.serving.timeout_seconds,
            bodies=request_bodies(folder.path, manifest, golden),
        )


class Running:
    """A function that runs, or starts with its first request."""

    def __init__(self, process: RieProcess, function: Function, mark: str) -> None:
        self._process = process
        self._function = function
        self._mark = mark

    def ask(self, body: bytes) -> ProxyAnswer | Fault:
        """One predict request, after those before it.

        Raises:
            InvocationTimedOut: no answer in time.
            LocalError: the emulator does not take it.
        """
        return read_answer(self._process.invoke(predict_event(self._function.model, body)).payload)

    @property
    def init_seconds(self) -> float | None:
        """The true time of the last start, seconds; None before the first request."""
        return self._process.init_seconds

    @property
    def durations_ms(self) -> list[float]:
        """How long each request took so far, without the start."""
        return [float(found[1]) for line in self._process.lines if (found := _DURATION.match(line))]

    def peak_mb(self) -> float | None:
        """The most memory that the process has held, MB; None where it runs no more."""
        return peak_memory_mb(_PYTHON, self._mark)


@contextmanager
def running(function: Function, memory_mb: int, limited: Limited) -> Iterator[Running]:
    """The function in ``memory_mb``, as far as ``limited`` holds it to that; stopped with the block.

    Raises:
        LocalError: the emulator is missing, or does not start.
    """
    mark = f"SERIN_BENCH_RUN={secrets.token_hex(8)}"
    name, _, value = mark.partition("=")
    settings = RieSettings(
        handler="functions.inference.handler.lambda_handler",
        directory=function.directory,
        environment={**function.environment, name: value},
        python=_PYTHON,
        program=function.program,
        function_name=f"bench-{function.model}",
        memory_mb=memory_mb,
        # The emulator counts the start, which Lambda gives a time of its own.
        timeout_s=function.timeout_s + INIT_SECONDS,
        before_emulator=limited.before_emulator,
        before_function=limited.before_function,
    )
    with RieProcess(settings) as process:
        yield Running(process, function, mark)


def was_killed(fault: Fault) -> bool:
    """Whether the function was ended for want of memory: nothing else kills it here."""
    return _KILLED in fault.error_message


def _without_kept_answers(folder: ModelFolder, place: Path) -> Path:
    """A folder of models with this one in it. A measurement repeats its rows: each time they shall be computed."""
    if folder.manifest.serving.answer_cache is None:
        return folder.path.parent
    copy = shutil.copytree(folder.path, place / folder.path.name)
    manifest = yaml.safe_load((copy / MANIFEST_FILE).read_text(encoding="utf-8"))
    del manifest["serving"]["answer_cache"]
    (copy / MANIFEST_FILE).write_text(yaml.safe_dump(manifest, allow_unicode=True), encoding="utf-8")
    return place
