"""The engine answers what ONNX Runtime's own Python binding answers, bit for bit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import msgspec
import pytest

from tests.integration.engine_c_api.cases import every_case
from tests.integration.engine_c_api.compare import Report

FEWEST_EQUAL: Final = 1500
"""Of about 2,000 cases. The others: models newer than ONNX Runtime, and types that are not served."""
PERTURBATIONS: Final = ("", "1", "90", "165")
"""What the C library fills fresh and freed memory with: nothing, or bytes that make any use of it show."""


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> dict[str, Report]:
    """A report for each perturbation, each from a process of its own."""
    file = tmp_path_factory.mktemp("cases") / "cases.msgpack"
    file.write_bytes(msgspec.msgpack.encode(list(every_case())))
    return {value: _compared(file, repository, value) for value in PERTURBATIONS}


def _compared(file: Path, repository: Path, perturbation: str) -> Report:
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.integration.engine_c_api.compare", str(file)],
        cwd=repository,
        env=os.environ | {"MALLOC_PERTURB_": perturbation},
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr.decode()
    return msgspec.json.decode(result.stdout, type=Report)


@pytest.mark.parametrize("perturbation", PERTURBATIONS)
def test_every_model_is_answered_as_the_binding_answers_it(reports: dict[str, Report], perturbation: str) -> None:
    report = reports[perturbation]
    assert report.differences == []
    assert report.counts["equal"] >= FEWEST_EQUAL, report.counts


def test_the_answers_do_not_depend_on_what_memory_held(reports: dict[str, Report]) -> None:
    assert len({report.digest for report in reports.values()}) == 1
