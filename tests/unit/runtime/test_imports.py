"""What a room may bring with it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from serin.compilation import compile_model
from tests.small_models.catalogue import SCALAR

CONTRACT: Final = ["protocol", "errors", "manifest", "manifest_rules", "model_folder", "lock", "baseline", "admission"]
WITHOUT_ENGINE: Final = [
    "tensor",
    "nested",
    "strict_json",
    "codecs",
    "rows",
    "policy",
    "onnx_graph",
    "predictions",
    "golden",
    "rest",
]
HEAVY: Final = {"numpy", "onnxruntime", "boto3", "botocore.session", "fastapi", "pydantic", "starlette", "onnx"}
WEB_STACK: Final = {"fastapi", "starlette", "pydantic", "boto3", "botocore.session", "uvicorn", "mangum", "onnx"}


def modules_after(code: str, repository: Path, **environment: str) -> set[str]:
    """Names of all modules that a fresh interpreter has loaded after ``code``."""
    result = subprocess.run(
        [sys.executable, "-c", f"{code or 'pass'}; import sys; print(*sys.modules)"],
        cwd=repository,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(result.stdout.split())


@pytest.mark.parametrize("module", CONTRACT)
def test_the_contract_imports_without_numpy_and_without_aws(module: str, repository: Path) -> None:
    loaded = modules_after(f"import serin.{module}", repository)
    assert f"serin.{module}" in loaded
    assert loaded.isdisjoint(HEAVY | {"aws_lambda_powertools"})


@pytest.mark.parametrize("module", WITHOUT_ENGINE)
def test_only_the_engine_opens_onnx_runtime(module: str, repository: Path) -> None:
    loaded = modules_after(f"import serin.{module}", repository)
    assert loaded.isdisjoint(HEAVY | {"serin.engine"})


def test_the_release_function_needs_nothing_beyond_the_standard_library_and_boto3(repository: Path) -> None:
    loaded = modules_after("import functions.release.handler", repository)
    assert {"serin.process", "serin.release.admission"} <= loaded
    assert loaded.isdisjoint(
        {"msgspec", "serin.observability", "serin.manifest"} | HEAVY - {"boto3", "botocore.session"}
    )


def test_the_inference_handler_brings_no_web_stack_and_no_aws_client(tmp_path: Path, repository: Path) -> None:
    SCALAR.write(tmp_path)
    loaded = modules_after("import functions.inference.handler", repository, SERIN_MODELS_DIR=str(tmp_path))
    assert {"serin.engine", "msgspec"} <= loaded
    assert loaded.isdisjoint(WEB_STACK | {"numpy", "onnxruntime", "aws_lambda_powertools"})
    assert not [
        name
        for name in loaded
        if name.startswith(("serin.openapi", "serin.admission", "functions.catalog", "infra", "cli", "tests"))
    ]


def test_a_start_from_an_image_reads_no_yaml_and_checks_no_folder(tmp_path: Path, repository: Path) -> None:
    SCALAR.write(tmp_path)
    for folder in tmp_path.iterdir():
        compile_model(folder, folder)
    before = modules_after("", repository)
    loaded = modules_after("import functions.inference.handler", repository, SERIN_MODELS_DIR=str(tmp_path)) - before
    assert "serin.compiled" in loaded
    assert loaded.isdisjoint({"yaml", "hashlib", "serin.model_folder", "serin.manifest_rules", "serin.compilation"})
    assert loaded.isdisjoint({"base64", "json", "logging", "pathlib", "secrets", "traceback", "urllib.parse", "zlib"})
