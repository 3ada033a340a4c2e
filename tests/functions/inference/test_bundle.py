"""The modules of a start in one file: what comes out of it, and when it is left alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from serin.compilation import compile_model
from tests.sample_models import MODELS, NAMES

LOOK = """
import json, sys
from functions.inference.bundle import Bundle, install
install(sys.argv[1])
import functions.inference.handler
bundled = [name for name, module in sys.modules.items() if isinstance(getattr(module, "__loader__", None), Bundle)]
import serin.rest, serin.engine
try:
    serin.rest.canonical_path(None)
except AttributeError as error:
    frame = error.__traceback__.tb_next.tb_frame
print(json.dumps({
    "bundled": bundled,
    "file": serin.rest.__file__,
    "package": list(serin.engine.__path__),
    "frame": frame.f_code.co_filename,
}))
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of compiled models."""
    folder = tmp_path_factory.mktemp("models")
    compile_model(MODELS / NAMES[0], folder / NAMES[0])
    return folder


@pytest.fixture(scope="module")
def bundle(models: Path, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("bundle") / "start.bundle"
    run(repository, models, "-m", "functions.inference.bundle", str(file))
    return file


def run(repository: Path, models: Path, *arguments: str) -> str:
    environment = {**os.environ, "SERIN_MODELS_DIR": str(models), "AWS_LAMBDA_RUNTIME_API": "none"}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True, check=True).stdout


def look(repository: Path, models: Path, bundle: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(repository, models, "-c", LOOK, str(bundle)))
    return found


def test_a_start_finds_its_modules_in_the_bundle_and_they_know_their_places(
    repository: Path, models: Path, bundle: Path
) -> None:
    found = look(repository, models, bundle)
    assert {"functions.inference.handler", "serin.rest", "serin.engine.session", "msgspec"} <= set(found["bundled"])
    runtime = repository / "layers/runtime/python/serin"
    assert found["file"] == found["frame"] == str(runtime / "rest.py")
    assert found["package"] == [str(runtime / "engine")]


def test_without_a_bundle_or_with_another_pythons_modules_are_imported_as_ever(
    repository: Path, models: Path, bundle: Path, tmp_path: Path
) -> None:
    foreign = tmp_path / "foreign.bundle"
    foreign.write_bytes(b"2.7.18\n" + bundle.read_bytes().partition(b"\n")[2])
    for file in (tmp_path / "none.bundle", foreign):
        found = look(repository, models, file)
        assert found["bundled"] == []
        assert found["file"] == str(repository / "layers/runtime/python/serin/rest.py")
