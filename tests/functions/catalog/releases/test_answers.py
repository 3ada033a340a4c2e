"""What of a record is told, and in which words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from functions.catalog.releases.answers import release_detail, release_list
from functions.catalog.releases.schemas import ReleaseDetail
from functions.release.judging import judge_for
from serin.release.admission import Admission
from serin.release.judgement import Verdict
from serin.release.record import Release, Settings, Status, Traffic, Wish, WishKind, begin
from serin.release.window import Window

NEW = Window(requests=400, errors=20, latencies={10.0: 380, 20.0: 20}, predictions={"0": 200, "other": 180})
STABLE = Window(requests=8000, errors=8, latencies={10.0: 7600, 20.0: 400}, predictions={"0": 4000, "other": 3990})
REPLAYED = Window(requests=1, replayed_requests=7, replayed_errors=2, replayed_latencies={5.0: 7})
BEGUN = begin(
    model="m",
    number=2,
    cause="c",
    stable="1",
    new="2",
    model_version="1.1.0",
    settings=Settings(steps=(5, 50), hold=False, max_prediction_shift=None, max_latency_ms=80),
    now=1_790_000_000.25,
    by="arn:aws:iam::111122223333:user/ada",
    reason="deploy",
)
AT_FIRST = replace(
    BEGUN,
    ignored_alarms=("Errors",),
    status=Status.BAKING,
    step=0,
    target=Traffic(version="1", canary="2", percent=12.5),
)


def judged(release: Release, new: Window, stable: Window) -> Release:
    """``release`` with both windows and what the real judge says of them."""
    judgement = judge_for(release.settings)(new, stable, 0.05)
    return replace(release, new_window=new, stable_window=stable, judgement=judgement)


def told(release: Release) -> ReleaseDetail:
    return release_detail(release)


def test_the_evidence_of_the_judge_is_told_measure_by_measure() -> None:
    release = judged(AT_FIRST, NEW, STABLE)
    detail = told(release)
    assert release.judgement is not None
    assert (detail.verdict, detail.words) == (Verdict.ROLL_BACK, release.judgement.why)
    assert [one.measure for one in detail.evidence] == ["error_rate", "latency_p50", "latency_p95", "latency_p99"]
    for shown, judged_one in zip(detail.evidence, release.judgement.evidence, strict=True):
        for name in type(shown).model_fields:
            assert getattr(shown, name) == getattr(judged_one, name), name


def test_both_versions_are_counted_with_what_was_replayed_by_itself() -> None:
    counts = told(judged(AT_FIRST, NEW, STABLE + REPLAYED)).counts
    assert counts.new.model_dump() == {
        "requests": 400,
        "errors": 20,
        "replayed_requests": 0,
        "replayed_errors": 0,
        "predictions": {"0": 200, "other": 180},
    }
    assert (counts.stable.requests, counts.stable.replayed_requests, counts.stable.replayed_errors) == (8001, 7, 2)


def test_a_release_that_was_not_judged_yet_has_no_verdict_and_no_evidence() -> None:
    detail = told(BEGUN)
    assert (detail.verdict, detail.words, detail.evidence, detail.step, detail.weight) == (None, None, (), None, 0.0)


@pytest.mark.parametrize("windows", [(Window(), Window()), (NEW, Window()), (Window(), STABLE), (REPLAYED, REPLAYED)])
def test_every_verdict_is_json_whatever_was_seen(windows: tuple[Window, Window]) -> None:
    text = told(judged(AT_FIRST, *windows)).model_dump_json(exclude_none=True)
    assert ReleaseDetail.model_validate_json(text) == told(judged(AT_FIRST, *windows))
    assert not {"NaN", "Infinity", "null"} & set(text.replace(",", ":").split(":"))


@pytest.mark.parametrize(
    ("release", "weight"),
    [
        (AT_FIRST, 0.125),
        (replace(AT_FIRST, is_settled=False, previous=Traffic(version="1")), 0.0),
        (replace(AT_FIRST, target=Traffic(version="2"), is_settled=False, previous=AT_FIRST.target), 0.125),
        (replace(AT_FIRST, target=Traffic(version="2")), 1.0),
        (replace(AT_FIRST, target=Traffic(version="1")), 0.0),
    ],
)
def test_the_weight_is_what_the_alias_was_last_seen_to_have(release: Release, weight: float) -> None:
    assert told(release).weight == weight


def test_times_are_rfc_3339_in_utc() -> None:
    assert '"started_at":"2026-09-21T14:13:20.250000Z"' in told(BEGUN).model_dump_json()


def test_the_settings_are_told_in_the_manifest_s_words() -> None:
    assert told(BEGUN).settings.model_dump() == {
        "bake_seconds": 300.0,
        "max_seconds": 14400.0,
        "on_insufficient_data": "rollback",
        "max_error_increase": 0.01,
        "max_latency_increase": 0.2,
        "max_prediction_shift": None,
        "max_latency_ms": 80.0,
    }


def test_what_has_been_asked_of_a_release_is_told_until_it_is_done() -> None:
    wish = Wish(kind=WishKind.PROMOTE, why="measured by hand", by="ada")
    asked = told(replace(AT_FIRST, wish=wish)).asked
    assert asked is not None
    assert asked.model_dump() == {"kind": "promote", "why": "measured by hand", "by": "ada"}
    assert told(AT_FIRST).asked is None


def test_who_and_why_and_which_alarms_stood_before_are_told() -> None:
    detail = told(replace(AT_FIRST, reason="39 requests"))
    assert (detail.by, detail.start_reason, detail.reason) == (BEGUN.by, "deploy", "39 requests")
    assert detail.ignored_alarms == ("Errors",)


def test_what_golden_requests_showed_is_told() -> None:
    assert told(BEGUN).admission is None
    admission = Admission(problems=("too slow",), requests=100, p99_ms=1.5)
    shown = told(replace(BEGUN, admission=admission)).admission
    assert shown is not None
    assert shown.model_dump(exclude_none=True) == {"problems": ("too slow",), "requests": 100, "p99_ms": 1.5}


def test_both_versions_have_the_models_own_names() -> None:
    (shown,) = release_list("m", [replace(BEGUN, stable_model_version="1.0.0")]).releases
    assert (shown.new.version, shown.stable.version) == ("1.1.0", "1.0.0")
