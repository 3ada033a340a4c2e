from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from serin.manifest import Release
from serin.release.judge import judge
from serin.release.judgement import Evidence, Judgement, Verdict
from serin.release.policy import Policy, policy_of
from serin.release.window import Window

POLICY = policy_of(Release())
LATENCIES = {10.0: 0.6, 20.0: 0.3, 30.0: 0.07, 40.0: 0.03}
BINS = {"0": 0.25, "1": 0.25, "2": 0.5}


def window(requests: int, error_rate: float = 0.0, factor: float = 1.0, bins: dict[str, float] | None = None) -> Window:
    return Window(
        requests=requests,
        errors=round(requests * error_rate),
        latencies={bound * factor: round(requests * share) for bound, share in LATENCIES.items()},
        predictions={bin_: round(requests * share) for bin_, share in (bins or BINS).items()},
    )


def replayed(requests: int, error_rate: float = 0.0, factor: float = 1.0) -> Window:
    seen = window(requests, error_rate, factor)
    return Window(replayed_requests=requests, replayed_errors=seen.errors, replayed_latencies=dict(seen.latencies))


def of(judgement: Judgement, measure: str) -> Evidence:
    return next(one for one in judgement.evidence if one.measure == measure)


def beyond(judgement: Judgement) -> list[str]:
    return [one.measure for one in judgement.evidence if one.verdict is Verdict.ROLL_BACK]


def test_a_version_like_the_stable_one_is_promoted() -> None:
    found = judge(window(20_000), window(20_000), policy=POLICY)
    assert found.verdict is Verdict.PROMOTE
    assert [one.measure for one in found.evidence] == [
        "error_rate",
        "latency_p50",
        "latency_p95",
        "latency_p99",
        "prediction_shift",
    ]


def test_failing_requests_roll_back() -> None:
    found = judge(window(400, 0.05), window(8_000), policy=POLICY)
    assert (found.verdict, beyond(found)) == (Verdict.ROLL_BACK, ["error_rate"])
    assert "error_rate is 5.00% in 400 requests" in found.why


def test_slow_requests_roll_back() -> None:
    found = judge(window(5_000, factor=3), window(20_000), policy=POLICY)
    assert found.verdict is Verdict.ROLL_BACK
    assert "latency_p99" in beyond(found)
    assert of(found, "latency_p99").new == 120


def test_other_predictions_roll_back() -> None:
    found = judge(window(2_000, bins={"0": 0.6, "1": 0.2, "2": 0.2}), window(5_000), policy=POLICY)
    assert (found.verdict, beyond(found)) == (Verdict.ROLL_BACK, ["prediction_shift"])
    assert of(found, "prediction_shift").new == pytest.approx(0.35)


def test_a_stable_version_that_fails_does_not_condemn_a_new_one_that_fails_as_often() -> None:
    assert judge(window(60_000, 0.05), window(60_000, 0.05), policy=POLICY).verdict is Verdict.PROMOTE
    assert judge(window(60_000, 0.0), window(60_000, 0.05), policy=POLICY).verdict is Verdict.PROMOTE


def test_a_request_that_failed_is_no_evidence_of_what_clients_ask() -> None:
    batches = replace(window(100), predictions={"0": 2_500, "1": 2_500, "2": 5_000})
    failing = replace(batches, requests=5_100, errors=5_000)
    alone, beside = (of(judge(new, window(20_000), policy=POLICY), "prediction_shift") for new in (batches, failing))
    assert (alone.low, alone.high) == (beside.low, beside.high)


@pytest.mark.parametrize("requests", [0, 1, 5, 19, 100])
def test_few_requests_are_not_enough(requests: int) -> None:
    found = judge(window(requests), window(requests), policy=POLICY)
    assert found.verdict is Verdict.NOT_ENOUGH_DATA
    json.dumps(asdict(found), allow_nan=False)


def test_nothing_that_was_replayed_promotes_what_nobody_called() -> None:
    stable = window(20_000) + replayed(20_000)
    found = judge(replayed(20_000), stable, policy=POLICY)
    assert found.verdict is Verdict.NOT_ENOUGH_DATA
    assert found.why == "clients sent 0 requests to the new version; at least 20 are needed"


def test_replayed_requests_tell_of_errors_and_speed() -> None:
    stable = window(20_000) + replayed(20_000)
    failing = judge(window(10) + replayed(500, 0.1), stable, policy=POLICY)
    assert beyond(failing) == ["error_rate"]
    slow = judge(window(10) + replayed(5_000, factor=3), stable, policy=POLICY)
    assert "latency_p99" in beyond(slow)
    unseen = replace(POLICY, max_prediction_shift=None)
    assert judge(window(20) + replayed(20_000), stable, policy=unseen).verdict is Verdict.PROMOTE


def test_replayed_requests_do_not_hide_what_clients_meet() -> None:
    stable = window(20_000) + replayed(20_000)
    failing = judge(window(400, 0.1) + replayed(50_000), stable, policy=POLICY)
    assert beyond(failing) == ["error_rate"]
    pointing = judge(window(20, 0.05) + replayed(50_000), stable, policy=replace(POLICY, max_prediction_shift=None))
    assert of(pointing, "error_rate").verdict is Verdict.NOT_ENOUGH_DATA


def test_replayed_latencies_are_not_compared_with_those_of_clients() -> None:
    found = judge(replayed(20_000, factor=0.1), window(20_000), policy=POLICY)
    assert of(found, "latency_p50").new is None
    assert of(found, "latency_p50").verdict is Verdict.NOT_ENOUGH_DATA


def test_without_a_stable_version_the_new_one_is_judged_alone() -> None:
    policy = replace(POLICY, max_latency_ms=50.0)
    good = judge(window(20_000), Window(), policy=policy)
    assert good.verdict is Verdict.PROMOTE
    assert [one.measure for one in good.evidence] == ["error_rate", "latency_p99"]
    assert beyond(judge(window(20_000, 0.05), Window(), policy=policy)) == ["error_rate"]
    assert beyond(judge(window(20_000, factor=3), Window(), policy=policy)) == ["latency_p99"]
    assert [one.measure for one in judge(window(20_000), Window(), policy=POLICY).evidence] == ["error_rate"]


def test_a_smaller_share_needs_less_to_be_shown_and_rolls_back_alike() -> None:
    new, stable = window(900), window(17_100)
    assert judge(new, stable, policy=POLICY).verdict is Verdict.NOT_ENOUGH_DATA
    assert judge(new, stable, policy=POLICY, share=0.25).verdict is Verdict.PROMOTE
    assert judge(window(900, 0.06), stable, policy=POLICY, share=0.01).verdict is Verdict.ROLL_BACK


def test_a_request_of_many_rows_counts_once() -> None:
    other = {"0": 0.6, "1": 0.2, "2": 0.2}
    batch = replace(window(5, bins=other), predictions={bin_: round(5_000 * share) for bin_, share in other.items()})
    found = judge(batch, window(5_000), policy=POLICY)
    assert found.verdict is Verdict.NOT_ENOUGH_DATA
    assert of(found, "prediction_shift").new_count == 5_000


def test_predictions_that_are_not_logged_are_not_judged() -> None:
    policy = policy_of(Release(), predictions=False)
    silent = replace(window(20_000), predictions={})
    assert judge(silent, silent, policy=policy).verdict is Verdict.PROMOTE
    assert judge(silent, silent, policy=POLICY).verdict is Verdict.NOT_ENOUGH_DATA


def test_the_policy_is_what_the_manifest_says() -> None:
    release = Release(max_error_increase=0.02, max_latency_increase=0.5, max_prediction_shift=0.3)
    assert policy_of(release, max_latency_ms=80) == Policy(
        max_error_increase=0.02, max_latency_increase=0.5, max_prediction_shift=0.3, max_latency_ms=80
    )


def test_the_judge_needs_the_standard_library_alone(repository: Path) -> None:
    code = "import sys; import serin.release.judge; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={"PYTHONPATH": str(repository / "layers" / "runtime" / "python")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert {name for name in done.stdout.split() if name not in sys.stdlib_module_names} <= {"serin", "__main__"}
