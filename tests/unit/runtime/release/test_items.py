"""Records come back from their items as they were."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest

from serin.release.admission import Admission
from serin.release.items import from_item, from_json, read_settings, to_item, to_json
from serin.release.judgement import Evidence, Judgement, Verdict
from serin.release.prediction_log import bound_of
from serin.release.record import Release, Settings, Status, Traffic, Wish, WishKind, begin
from serin.release.window import Window

BEGUN = begin(
    model="m",
    number=3,
    cause="t",
    stable="1",
    new="2",
    model_version="1.1.0",
    settings=Settings(steps=(5, 50)),
    now=12.5,
    by="a deploy",
)
EVIDENCE = Evidence(
    measure="error_rate",
    new=0.1,
    stable=None,
    low=-1.0,
    high=1.0,
    margin=0.01,
    new_count=10,
    stable_count=0,
    verdict=Verdict.NOT_ENOUGH_DATA,
)
FULL = replace(
    BEGUN,
    status=Status.ENDING,
    ending=Status.ROLLED_BACK,
    ignored_alarms=("Errors",),
    target=Traffic(version="1", canary="2", percent=5.5),
    admission=Admission(problems=("case 1: wrong", "too slow"), requests=100, p99_ms=1.5, memory_mb=40.25),
    new_window=Window(requests=2, latencies=Counter({1.05: 2}), predictions=Counter({"3": 1})),
    judgement=Judgement(verdict=Verdict.NOT_ENOUGH_DATA, why="10 requests", evidence=(EVIDENCE,)),
    wish=Wish(kind=WishKind.ABORT, why="odd", by="ada"),
)


@pytest.mark.parametrize("release", [BEGUN, FULL])
def test_a_release_comes_back_as_it_was(release: Release) -> None:
    assert from_item(to_item(release)) == release


def test_a_record_from_before_there_were_admissions_is_read() -> None:
    document = to_json(BEGUN)
    del document["admission"]
    for name in ("memory_mb", "timeout_seconds"):
        del document["settings"][name]
    assert from_json(document) == BEGUN


def test_the_largest_record_is_within_what_dynamodb_eventbridge_and_sns_take() -> None:
    """Every bucket from 0.1 ms to Lambda's 15 minutes, every bin that a baseline may have, counts of a busy month."""
    count = 10**10
    bounds = {bound_of(0.1 * 1.05**step): count for step in range(330)}
    bins = {**{str(bin_): count for bin_ in range(1000)}, "missing": count, "other": count}
    window = Window(requests=count, latencies=bounds, replayed_latencies=bounds, predictions=bins)
    evidence = (EVIDENCE,) * 5
    full = replace(
        FULL,
        new_window=window,
        stable_window=window,
        judgement=Judgement(verdict=Verdict.NOT_ENOUGH_DATA, why="x" * 1000, evidence=evidence),
        reason="x" * 2000,
    )
    assert max(bounds) > 900_000
    assert len(json.dumps(to_item(full))) < 256 * 1024 / 2


def test_what_conditions_look_at_stands_beside_the_record() -> None:
    item = to_item(FULL)
    assert {key: item[key] for key in ("model", "number", "revision", "status")} == {
        "model": {"S": "m"},
        "number": {"N": "3"},
        "revision": {"N": "0"},
        "status": {"S": "ending"},
    }


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(TypeError, match="stepz"):
        read_settings({"steps": [5], "stepz": 1})


def test_a_share_without_a_version_that_has_it_is_no_traffic() -> None:
    with pytest.raises(ValueError, match="a canary has a share"):
        Traffic(version="1", percent=5)
