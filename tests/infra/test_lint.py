"""Templates before cfn-lint, Dockerfiles before hadolint, findings before cdk-nag."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import aws_cdk as cdk
import pytest
from aws_cdk import aws_sns as sns

from app import add_stacks
from tests.infra.stages import DEV
from tests.infra.synthesis import Synthesis, context

PROGRAMS: Final = Path(sys.executable).parent
# W3005: the library itself lists a function's role among its dependencies, beside the reference.
IGNORED: Final = "W3005"


def test_cfn_lint_finds_nothing(every_stage: tuple[Synthesis, ...], tmp_path: Path) -> None:
    for stacks in every_stage:
        for stack in stacks.values():
            (tmp_path / f"{stack.name}.json").write_text(json.dumps(stack.body))
    files = sorted(map(str, tmp_path.iterdir()))
    command = [str(PROGRAMS / "cfn-lint"), "--ignore-checks", IGNORED, "--", *files]
    found = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


def test_cfn_lint_would_find_something(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"Nmae": "x"}}}}))
    command = [str(PROGRAMS / "cfn-lint"), "--ignore-checks", IGNORED, "--", str(wrong)]
    assert subprocess.run(command, capture_output=True, timeout=300, check=False).returncode != 0


def test_hadolint_finds_nothing(repository: Path) -> None:
    files = sorted(map(str, repository.glob("functions/*/Dockerfile")))
    assert len(files) == 3
    found = subprocess.run(
        [str(PROGRAMS / "hadolint"), *files], capture_output=True, text=True, timeout=60, check=False
    )
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


def test_an_unanswered_finding_of_cdk_nag_stops_the_synthesis(project: Path, tmp_path: Path) -> None:
    app = cdk.App(analytics_reporting=False, context=context(), outdir=str(tmp_path))
    add_stacks(app, stage=DEV, root=project)
    sns.Topic(cdk.Stack(app, "Careless"), "Unsafe")
    with pytest.raises(RuntimeError, match="AwsSolutions-SNS3"):
        app.synth()
