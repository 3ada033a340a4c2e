"""Who is measured: Serin's inference function as its image holds it, and the references, each in its environment."""

from __future__ import annotations

import compileall
import random
import shutil
import tempfile
import venv
from array import array
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.events import MODEL, golden_instances
from benchmarks.processes import Subject
from local.image_folder import Image, build_image
from local.paths import CACHE, REPOSITORY
from local.venvs import locked_python

REFERENCES: Final = Path(__file__).parent / "references"
MODELS: Final = REPOSITORY / "models"
HANDLER: Final = "functions.inference.handler.lambda_handler"

_LAMBDA: Final = {
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
    "AWS_LAMBDA_FUNCTION_NAME": "benchmark",
    "AWS_LAMBDA_FUNCTION_VERSION": "1",
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    "TZ": ":UTC",
    "_HANDLER": HANDLER,
    "_X_AMZN_TRACE_ID": "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1",
}
"""What Lambda sets; the references' Powertools read it too."""


def reference_lock(name: str) -> Path:
    """The packages of a reference."""
    return REFERENCES / name / "requirements.txt"


@dataclass(frozen=True, slots=True)
class Workshop:
    """A folder for one part's work, gone at its end."""

    place: Path

    def serin(self, models: Path = MODELS, model: str = MODEL) -> Subject:
        """Serin's function with ``model``, built as its image is."""
        image = self.image(models, model)
        surroundings = {**_LAMBDA, "LAMBDA_TASK_ROOT": str(image.task), **image.environment}
        prelude = _module(Path(image.program[-1]), image.task)
        return Subject("Serin", self._plain_python(), image.task, HANDLER, surroundings, image.program, prelude)

    def image(self, models: Path, model: str) -> Image:
        """The files of the model's image."""
        return build_image(models, model, self._new_folder(f"image-{model}"))

    def reference(self, name: str, handler: str | None = None, environment: Mapping[str, str] | None = None) -> Subject:
        """``name`` of ``benchmarks/references`` in its own environment, its code compiled as on Lambda."""
        code = self._new_folder(name)
        shutil.copytree(REFERENCES, code, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", "*.txt"))
        compileall.compile_dir(str(code), quiet=1)
        python = locked_python(f"reference-{name}", reference_lock(name), CACHE / "benchmarks")
        surroundings = {**_LAMBDA, "LAMBDA_TASK_ROOT": str(code), "HOME": str(self.place), "PYTHONUNBUFFERED": "1"}
        surroundings |= {
            "ORT_DISABLE_TELEMETRY": "1",
            "MODEL_PATH": str(MODELS / MODEL / "model.onnx"),
            **(environment or {}),
        }
        return Subject(name, python, code, handler or f"{name}.lambda_handler", surroundings)

    def session_run(self, rows: int) -> Subject:
        """``session.run`` alone on ``rows`` rows."""
        data = self._new_folder("rows") / "rows.bin"
        data.parent.mkdir()
        data.write_bytes(array("f", varied_rows(rows)).tobytes())
        return self.reference("bare", "session_run.lambda_handler", {"ROWS_PATH": str(data)})

    def _new_folder(self, name: str) -> Path:
        return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.place)) / name

    def _plain_python(self) -> Path:
        """A Python that sees the standard library alone: packages come from the image's folder."""
        folder = self.place / "python"
        if not folder.exists():
            venv.create(folder, symlinks=True, with_pip=False)
        return folder / "bin" / "python"


def _module(file: Path, folder: Path) -> str:
    """The name under which ``file`` is imported from ``folder``."""
    return ".".join(file.relative_to(folder).with_suffix("").parts)


@contextmanager
def workshop() -> Iterator[Workshop]:
    """A folder to work in until the end of the block."""
    with tempfile.TemporaryDirectory(prefix="serin-benchmarks-") as place:
        yield Workshop(Path(place))


def varied_rows(rows: int) -> list[float]:
    """``rows`` rows of the model's 30 features, one after the other, the same at every call.

    Each lies somewhere between two golden cases, so no two take the same way through the trees.
    """
    choice = random.Random(30)  # noqa: S311 - no secret
    golden = [list(instance.values()) for instance in golden_instances(MODELS)]
    values: list[float] = []
    for _ in range(rows):
        one, other, share = choice.choice(golden), choice.choice(golden), choice.random()
        values += [float(f"{a + (b - a) * share:.5g}") for a, b in zip(one, other, strict=True)]
    return values
