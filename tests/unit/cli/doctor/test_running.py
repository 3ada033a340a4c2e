"""Figures against limits; what gives the figures is tested in test_measuring."""

from __future__ import annotations

from typing import Any

import pytest

from cli.doctor.finding import NotChecked, Problem, Unchecked, judge
from cli.doctor.measuring import Measured
from cli.doctor.running import RUNNING_CHECKS, Run
from serin.manifest import ProvisionedConcurrency, Serving
from tests.unit.cli.doctor.models import problems

GOOD: dict[str, Any] = {
    "how": "here",
    "limit_mb": 4096,
    "image_bytes": 40_000_000,
    "init_s": 0.3,
    "row_ms": 2.0,
    "answer_bytes": 50,
    "batch_rows": 1000,
    "batch_ms": 40.0,
    "peak_mb": 50.0,
}
WARM = ProvisionedConcurrency(min=1, max=1)


def run(figures: dict[str, Any], **serving: Any) -> Run:
    return Run(Serving(**serving), Measured(**{**GOOD, **figures}))


def test_a_model_within_all_limits_is_fine() -> None:
    assert problems(RUNNING_CHECKS, run({})) == {}


@pytest.mark.parametrize(
    ("figures", "serving", "check", "fix"),
    [
        ({"image_bytes": 10 * 2**30}, {}, "image-size", "make the model smaller"),
        ({"init_s": 12.0}, {"memory_mb": 512}, "start", "set `serving.memory_mb: 1280`, which is more processor, too"),
        ({"init_s": 12.0}, {"memory_mb": 3008}, "start", "set `serving.snap_start: true`"),
        ({"init_s": 7.0}, {"memory_mb": 512}, "start-margin", "set `serving.memory_mb: 768`"),
        ({"init_s": 131.0}, {"snap_start": True, "memory_mb": 3008}, "start", "make the model smaller"),
        ({"peak_mb": 1100.0}, {}, "memory", "set `serving.memory_mb: 1408`; or lower serving.max_batch_rows"),
        ({"peak_mb": 900.0}, {}, "memory-margin", "set `serving.memory_mb: 1152`"),
        ({"peak_mb": 9900.0}, {"memory_mb": 3008}, "memory", "make the model smaller"),
        ({"killed": True, "peak_mb": None}, {}, "memory", "measure it on a machine with more memory"),
        ({"killed": True, "peak_mb": None, "limit_mb": 10_240}, {}, "memory", "make the model smaller"),
        ({"refused_batch": "[422 x]", "batch_ms": 40.0}, {}, "batches", "export the model with a batch axis"),
        (
            {"batch_ms": 12_000.0},
            {},
            "time-out",
            "set `serving.max_batch_rows: 416`; or set `serving.timeout_seconds: 24`",
        ),
        ({"batch_ms": 20_000.0}, {}, "time-out", "set `serving.max_batch_rows: 250`; or give it more of a processor"),
        (
            {"late": True, "refused_batch": "[504 x]", "batch_ms": None},
            {},
            "time-out",
            "set `serving.max_batch_rows: 250`; or give it more",
        ),
        ({"batch_ms": 6000.0}, {}, "time-out-margin", "set `serving.max_batch_rows: 833`"),
        ({"init_s": 0.3}, {"timeout_seconds": 29}, "gateway-time", "set `serving.timeout_seconds: 28`"),
        ({"row_ms": 1500.0}, {}, "latency", "set `serving.latency_target_ms: 3000`"),
    ],
)
def test_a_figure_over_its_limit_is_found_with_the_exact_fix(
    figures: dict[str, Any], serving: dict[str, Any], check: str, fix: str
) -> None:
    found: dict[str, Problem] = {}
    for examiner in RUNNING_CHECKS:
        try:
            found |= problems([examiner], run(figures, **serving))
        except NotChecked:
            continue
    assert found.keys() == {check}
    assert found[check].fix.startswith(fix)


@pytest.mark.parametrize("ahead", [{"snap_start": True}, {"provisioned_concurrency": WARM}])
def test_a_start_that_no_request_waits_for_has_more_time(ahead: dict[str, Any]) -> None:
    assert problems(RUNNING_CHECKS, run({"init_s": 60.0}, timeout_seconds=29, **ahead)) == {}


def test_what_the_model_did_not_come_to_is_not_checked() -> None:
    nothing = Measured(how="here", limit_mb=1024, refused_row="it broke")
    results = judge(RUNNING_CHECKS, "m", Run(Serving(), nothing))
    unchecked = {result.check for result in results if isinstance(result, Unchecked)}
    assert {result.check for result in results} - unchecked == {"answers"}
    assert {"start", "memory", "time-out", "image-size", "latency"} <= unchecked
