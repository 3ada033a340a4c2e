"""Models that must not be served are refused in time, in little memory, and nothing of the old state is touched."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.lock import lock_apart
from serin.admission import Finding, inspect, verify
from serin.admission.apart import Limits
from serin.admission.trial import open_apart
from serin.errors import ModelFolderError
from serin.model_folder import load_model_folder
from tests.integration.admission.hostile import BEHIND_THE_RULES, OPENED, STATIC, Hostile
from tests.small_models.catalogue import SCALAR

MOST_MEMORY = 64 * 2**20
PATIENT = 60.0
"""Seconds: other tests may take the processors."""


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def children() -> set[str]:
    found = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(os.getpid())], capture_output=True, text=True)
    return {line for line in found.stdout.splitlines() if "trial_process" in line}


@pytest.fixture
def nothing_left(tmp_path: Path) -> Iterator[None]:
    """No process, and no file outside the models' folder."""
    yield
    assert not children()


def only_line(findings: list[Finding], case: Hostile) -> None:
    assert findings
    for finding in findings:
        line = str(finding)
        assert "\n" not in line
        assert line.isprintable()
        assert finding.remedy
    assert {finding.rule for finding in findings} == {case.rule}
    assert case.said in findings[0].problem


@pytest.mark.parametrize("case", STATIC, ids=lambda case: case.name)
def test_a_dangerous_file_is_refused_without_being_opened(case: Hostile, tmp_path: Path) -> None:
    folder = case.model().write(tmp_path)
    before = contents(folder)
    tracemalloc.start()
    try:
        findings = inspect(folder)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    only_line(findings, case)
    assert contents(folder) == before
    assert peak < MOST_MEMORY


@pytest.mark.parametrize("case", OPENED, ids=lambda case: case.name)
def test_a_model_that_harms_its_process_harms_no_other(case: Hostile, tmp_path: Path, nothing_left: None) -> None:
    folder = case.model().write(tmp_path)
    before = contents(folder)
    only_line(verify(folder, seconds=case.seconds), case)
    assert contents(folder) == before


@pytest.mark.parametrize("case", BEHIND_THE_RULES, ids=lambda case: case.name)
def test_what_the_rules_keep_out_would_be_caught_behind_them(case: Hostile, tmp_path: Path, nothing_left: None) -> None:
    folder = load_model_folder(case.model().write(tmp_path))
    only_line(open_apart(folder, Limits(seconds=case.seconds, memory=2**30), draws=False), case)


def test_the_image_build_stops_at_a_refused_model(tmp_path: Path, repository: Path) -> None:
    folder = STATIC[0].model().write(tmp_path)
    result = subprocess.run(
        [sys.executable, "-m", "serin.admission", str(folder)], capture_output=True, text=True, cwd=repository
    )
    assert result.returncode == 1
    assert result.stderr.startswith(f"{folder}/model.onnx: format: it is empty; ")


@pytest.mark.parametrize(
    "case", [*STATIC[::7], *(case for case in OPENED if case.rule == "opening")], ids=lambda case: case.name
)
def test_a_refused_model_is_not_locked_and_the_lock_stays(case: Hostile, tmp_path: Path, nothing_left: None) -> None:
    folder = SCALAR.write(tmp_path)
    (folder / "model.onnx").write_bytes(case.artifact)
    before = contents(folder)
    with pytest.raises(ModelFolderError) as caught:
        lock_apart(folder, seconds=PATIENT)
    assert "\n" not in str(caught.value)
    assert contents(folder) == before
