"""The app as the CDK command line runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from app import stage_of
from infra.config import ConfigurationError
from tests.infra.stages import DEV
from tests.infra.synthesis import context, copy_project, write_model


def _run(root: Path, output: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """``app.py`` of a project in ``root``, with the environment that the CDK command line gives it."""
    environment = os.environ | {
        # Node of the environment, as `make` has it.
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "CDK_OUTDIR": str(output),
        "CDK_CONTEXT_JSON": json.dumps(context() | settings),
        "PYTHONPATH": str(root),
    }
    return subprocess.run(
        [sys.executable, "app.py"], cwd=root, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture
def root(tmp_path: Path, repository: Path) -> Path:
    root = copy_project(tmp_path / "project")
    (root / "app.py").write_text((repository / "app.py").read_text())
    (root / "infra").mkdir()
    for module in (repository / "infra").glob("*.py"):
        (root / "infra" / module.name).write_text(module.read_text())
    write_model(root, "one")
    return root


def test_the_app_writes_an_assembly_with_nothing_unanswered(root: Path, tmp_path: Path) -> None:
    run = _run(root, tmp_path / "out", stage="prod")
    assert (run.returncode, run.stdout) == (0, "")
    report = json.loads((tmp_path / "out" / "validation-report.json").read_text())
    assert [plugin["violations"] for plugin in report["pluginReports"] if plugin["violations"]] == []
    assert (tmp_path / "out" / "Serin-prod-Api.template.json").exists()


def test_an_unknown_stage_is_one_line(root: Path, tmp_path: Path) -> None:
    run = _run(root, tmp_path / "out", stage="test")
    assert run.returncode == 1
    assert run.stderr == "serin: stage 'test' does not exist; choose one of dev, prod\n"


def test_a_broken_model_folder_is_one_line_that_names_file_and_field(root: Path, tmp_path: Path) -> None:
    manifest = root / "models" / "one" / "model.yaml"
    manifest.write_text(manifest.read_text().replace("timeout_seconds", "timeout_second"))
    run = _run(root, tmp_path / "out")
    assert run.returncode == 1
    assert run.stderr == (f"serin: {manifest}: serving.timeout_second: unknown key; did you mean `timeout_seconds`?\n")
    assert not list((tmp_path / "out").glob("*.template.json"))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, ("dev", None, None, DEV.base_image)),
        ({"stage": "prod"}, ("prod", None, None, DEV.base_image)),
        ({"account": "000000000000", "region": "us-east-1"}, ("dev", "000000000000", "us-east-1", DEV.base_image)),
        ({"base_image": "local/base"}, ("dev", None, None, "local/base")),
    ],
)
def test_the_context_chooses_the_stage_its_destination_and_its_base(
    settings: dict[str, Any], expected: tuple[str | None, ...]
) -> None:
    stage = stage_of(cdk.App(context=settings))
    assert (stage.name, stage.account, stage.region, stage.base_image) == expected


def test_an_account_alone_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="account and region go together"):
        stage_of(cdk.App(context={"account": "123456789012"}))
