from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cli.doctor.log_line import LOG_CHECKS, SAFE_BYTES, longest_line
from cli.doctor.model import MODEL_CHECKS
from serin.model_folder import load_model_folder
from tests.small_models.catalogue import FLOWER
from tests.small_models.faults import drop, relock
from tests.unit.cli.doctor.models import problems, served, written

WARM = {"min": 2, "max": 5}


@pytest.mark.parametrize(
    ("serving", "check", "fix"),
    [
        ({"architecture": "arm64"}, "arm64", "set `serving.architecture: x86_64`"),
        ({"optimization": "full"}, "processor", "set `serving.optimization: portable`"),
        ({"provisioned_concurrency": WARM}, "weighted-alias", "set `release.steps: [100]`"),
        ({"memory_mb": 4096}, "memory-quota", "set `serving.memory_mb: 3008`"),
        ({"timeout_seconds": 1}, "latency-target", "set `serving.latency_target_ms` below 1000"),
    ],
)
def test_a_setting_that_bites_is_found_with_its_fix(
    serving: dict[str, Any], check: str, fix: str, tmp_path: Path
) -> None:
    found = problems(MODEL_CHECKS, served(tmp_path, **serving))
    assert found.keys() == {check}
    assert found[check].fix.startswith(fix)


def test_more_instances_ready_than_reserved_are_found(tmp_path: Path) -> None:
    found = problems(MODEL_CHECKS, served(tmp_path, provisioned_concurrency=WARM, reserved_concurrency=4))
    assert found["provisioned"].what == "serving.provisioned_concurrency.max is 5, serving.reserved_concurrency 4"
    assert found["provisioned"].fix == "set `serving.reserved_concurrency: 5` or more"


def test_the_same_settings_in_their_bounds_are_fine(tmp_path: Path) -> None:
    fields = {**FLOWER.fields, "release": {"steps": [100]}}
    folder = written(
        replace(FLOWER, fields=fields),
        tmp_path,
        provisioned_concurrency=WARM,
        reserved_concurrency=5,
        memory_mb=3008,
        timeout_seconds=2,
    )
    assert problems(MODEL_CHECKS, folder) == {}


def test_a_model_without_golden_cases_or_baseline_is_told(tmp_path: Path) -> None:
    folder = served(tmp_path).path
    (folder / "golden.jsonl").unlink()
    (folder / "baseline.json").unlink()
    relock(folder, drop("golden"))
    relock(folder, drop("baseline"))
    assert problems(MODEL_CHECKS, load_model_folder(folder)).keys() == {"golden-cases", "baseline"}


def test_no_bins_are_missed_where_drift_is_not_watched(tmp_path: Path) -> None:
    fields = {**FLOWER.fields, "monitoring": {"drift": False}}
    folder = written(replace(FLOWER, fields=fields, baseline=None), tmp_path)
    assert problems(MODEL_CHECKS, folder) == {}


# --- The log line ---------------------------------------------------------------------------------------------


def many_bins(features: int, bins: int) -> dict[str, Any]:
    """A baseline that watches so many features; only the manifest's names may be in a real one."""
    one = {"kind": "category", "categories": [f"c{i}" for i in range(bins)], "counts": [1] * bins}
    return {"schema": "serin/baseline/v1", "features": {f"feature {i}": one for i in range(features)}}


def test_a_line_of_many_features_and_bins_is_too_long(tmp_path: Path) -> None:
    folder = written(replace(FLOWER, baseline=many_bins(200, 200)), tmp_path, max_batch_rows=100_000)
    line = longest_line(folder)
    assert len(line) > SAFE_BYTES
    found = problems(LOG_CHECKS, line)
    assert found.keys() == {"log-line"}
    assert f"{len(line):,} bytes" in found["log-line"].what


def test_few_rows_fill_few_bins(tmp_path: Path) -> None:
    folder = written(replace(FLOWER, baseline=many_bins(200, 200)), tmp_path, max_batch_rows=1)
    assert len(longest_line(folder)) < SAFE_BYTES
    assert problems(LOG_CHECKS, longest_line(folder)) == {}


def test_a_model_that_watches_no_drift_logs_a_short_line(tmp_path: Path) -> None:
    fields = {**FLOWER.fields, "monitoring": {"drift": False}}
    folder = written(replace(FLOWER, fields=fields, baseline=many_bins(200, 200)), tmp_path, max_batch_rows=100_000)
    assert len(longest_line(folder)) < 2000


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b'"Rows":[1000]', b'"Rows":[' + b",".join([b"1"] * 101) + b"]", "metric Rows has 101 values in a line"),
        (
            b'"Metrics":[',
            b'"Metrics":[' + b",".join(b'{"Name":"M%d"}' % i for i in range(100)) + b",",
            "a line declares 107 metrics",
        ),
    ],
)
def test_more_than_cloudwatch_takes_is_found(old: bytes, new: bytes, said: str, tmp_path: Path) -> None:
    line = longest_line(served(tmp_path))
    assert old in line
    assert problems(LOG_CHECKS, line.replace(old, new))["metrics"].what == said
