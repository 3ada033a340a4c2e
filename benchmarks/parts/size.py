"""Size of the packages in the inference image, against a plain install of what does the same."""

from __future__ import annotations

import compileall
from pathlib import Path
from typing import Final

from benchmarks.events import MODEL
from benchmarks.rows import Outcome, compare
from benchmarks.subjects import MODELS, reference_lock, workshop
from local.paths import CACHE
from local.venvs import locked_python

name: Final = "size"
OWN: Final = ("functions", "models", "serin")
"""In the image's task folder beside the packages."""


def run(quick: bool) -> list[Outcome]:
    """One count each: bytes do not vary. ``quick`` changes nothing."""
    del quick
    with workshop() as shop:
        ours = size_of(shop.image(MODELS, MODEL).task, OWN)
    python = locked_python("reference-plain", reference_lock("plain"), CACHE / "benchmarks")
    [packages] = python.parent.parent.glob("lib/python*/site-packages")
    compileall.compile_dir(str(packages), quiet=2)
    plain = size_of(packages, _installers(packages))
    what, against = "packages in the inference image", "plain install of onnxruntime, numpy, Powertools, awslambdaric"
    return [compare("size", what, against, "MB", [(ours / 1e6, plain / 1e6)], target=0.45)]


def size_of(folder: Path, without: tuple[str, ...] = ()) -> int:
    """Bytes of all files below ``folder`` but for those below its children named in ``without``."""
    files = (file for child in folder.iterdir() if child.name not in without for file in (child, *child.rglob("*")))
    return sum(file.stat().st_size for file in files if file.is_file() and not file.is_symlink())


def _installers(packages: Path) -> tuple[str, ...]:
    """What an environment brings by itself."""
    return tuple(
        child.name for child in packages.iterdir() if child.name.startswith(("pip", "setuptools", "_distutils"))
    )
