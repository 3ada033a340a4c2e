from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cli.release.remote import Seen
from cli.release.view import brief, lines, moment, span, state, summary, who, why
from serin.release.judgement import Evidence, Judgement, Verdict
from serin.release.record import Release, Settings, Status, Traffic, Wish, WishKind
from serin.release.window import Window
from tests.unit.cli.release.cloud import ADA, Deployed, baking


def seen(deployed: Deployed, alias: Traffic | None = None, **changes: Any) -> Seen:
    release: Release = replace(deployed.last, **changes)
    now = deployed.world.time
    return Seen(release=release, alias=alias or deployed.world.alias.now, now=now, document={})


def test_a_time_is_told_in_utc() -> None:
    assert moment(1_800_000_000.9) == "2027-01-15T08:00:00Z"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 s"),
        (0.4, "0 s"),
        (45, "45 s"),
        (200, "3 min 20 s"),
        (240, "4 min"),
        (13_260, "3 h 41 min"),
        (7_205, "2 h"),
        (187_200, "2 d 4 h"),
    ],
)
def test_a_length_of_time_has_its_two_largest_units(seconds: float, text: str) -> None:
    assert span(seconds) == text


@pytest.mark.parametrize(("by", "name"), [(ADA, "assumed-role/Admin/ada"), ("cloudformation", "cloudformation")])
def test_a_caller_is_named(by: str, name: str) -> None:
    assert who(by) == name


def evidence(measure: str, verdict: Verdict, **changes: Any) -> Evidence:
    known = {"new": 0.0125, "stable": 0.01, "low": -0.02, "high": 0.03, "margin": 0.01}
    counts = {"new_count": 1_200, "stable_count": 22_800}
    return Evidence(measure=measure, verdict=verdict, **{**known, **counts, **changes})


JUDGEMENT = Judgement(
    verdict=Verdict.NOT_ENOUGH_DATA,
    why="not yet known: latency_p99",
    evidence=(
        evidence("error_rate", Verdict.ROLL_BACK, low=0.011),
        evidence("latency_p50", Verdict.PROMOTE, new=4.21, stable=4.0, low=-0.1, high=0.2, margin=0.2),
        evidence("latency_p99", Verdict.NOT_ENOUGH_DATA, new=None, stable=None, low=-1.0, high=1e9, margin=0.2),
        evidence("prediction_shift", Verdict.PROMOTE, stable=0.0, low=0.0, margin=0.1),
    ),
)


def test_a_release_that_is_baking_tells_all_that_is_known() -> None:
    deployed = baking()
    deployed.look()
    assert lines(seen(deployed, judgement=JUDGEMENT)) == [
        "m: release 2, baking at step 1 of 2 for 40 s, 9 min 20 s left of 10 min",
        "",
        "new     1.1.0 (2)  5 %   19 requests of clients",
        "stable  1.0.0 (1)  95 %  19 requests of clients",
        "",
        "started  1970-01-01T00:16:40Z by a deploy",
        "judge    not enough data so far: not yet known: latency_p99",
        "golden   100 requests measured, p99 1.5 ms, at most 40 MB, a start 41 ms",
        "",
        *(
            line.strip()
            for line in """
measure               new  stable  of new  of stable  more, at least   at most  allowed  at this step  verdict
error_rate          1.25%   1.00%   1,200     22,800           1.10%     3.00%    1.00%         2.00%  roll back
latency_p50       4.21 ms    4 ms   1,200     22,800         -10.00%    20.00%   20.00%        40.00%  promote
latency_p99             -       -   1,200     22,800        -100.00%  no bound   20.00%        40.00%  not enough data
prediction_shift    1.25%       -   1,200     22,800           0.00%     3.00%   10.00%        20.00%  promote
""".strip().splitlines()
        ),
    ]


def test_replayed_requests_are_told_beside_those_of_clients() -> None:
    window = Window(requests=1_200, replayed_requests=30)
    text = lines(seen(baking(), new_window=window))
    assert "new     1.1.0 (2)  5 %   1,200 requests of clients, 30 replayed" in text


def test_a_release_whose_time_is_up_says_so() -> None:
    deployed = baking()
    deployed.world.time += 600
    assert lines(seen(deployed))[0] == "m: release 2, baking at step 1 of 2 for 10 min 20 s, its time is up"


def test_a_release_that_has_ended_tells_when_and_why() -> None:
    deployed = baking()
    deployed.world.bad = True
    deployed.look(2)
    assert lines(seen(deployed, start_reason="a fix", by=ADA)) == [
        "m: release 2, rolled back after 40 s",
        "",
        "new     1.1.0 (2)  0 %    39 requests of clients",
        "stable  1.0.0 (1)  100 %  39 requests of clients",
        "",
        f"started  1970-01-01T00:16:40Z by {ADA}: a fix",
        "ended    1970-01-01T00:17:20Z",
        "why      39 requests",
        "golden   100 requests measured, p99 1.5 ms, at most 40 MB, a start 41 ms",
    ]


def test_a_version_that_another_hand_has_put_there_is_told() -> None:
    hand = Traffic(version="9", canary="2", percent=25)
    assert lines(seen(baking(), hand))[2:5] == [
        "new      1.1.0 (2)  25 %  0 requests of clients",
        "stable   1.0.0 (1)  0 %   0 requests of clients",
        "another  version 9  75 %",
    ]


def test_a_first_release_has_no_stable_version_beside_it() -> None:
    deployed = Deployed().deploy("1", "1.0.0")
    assert lines(seen(deployed))[2:4] == ["new  1.0.0 (1)  100 %  0 requests of clients", ""]


def test_what_is_asked_and_not_done_yet_is_told() -> None:
    wish = Wish(kind=WishKind.ABORT, why="odd", by=ADA)
    assert f"asked    abort by {ADA}: odd" in lines(seen(baking(), wish=wish))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"status": Status.ADMITTING}, "admitting"),
        ({"status": Status.HELD, "step": 1}, "held at step 2 of 2"),
        ({"status": Status.ENDING, "ending": Status.ROLLED_BACK}, "ending: rolled back"),
        ({"status": Status.INTERRUPTED}, "interrupted"),
    ],
)
def test_a_state_is_a_few_words(changes: dict[str, Any], text: str) -> None:
    assert state(seen(baking(), **changes).release) == text


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"status": Status.ADMITTING}, "its golden cases come first"),
        ({"judgement": None}, "not judged yet"),
        ({"status": Status.ENDING, "reason": "alarm raised: a"}, "alarm raised: a"),
    ],
)
def test_what_is_known_before_a_verdict_is_told(changes: dict[str, Any], text: str) -> None:
    release = seen(baking(), **changes).release
    assert (why(release), brief(release)) == (text, text)


def test_one_line_has_no_figures_of_the_judge_and_no_long_reasons() -> None:
    deployed = baking().judged()
    deployed.look()
    assert summary(seen(deployed)) == [
        "m",
        "release 2",
        "baking at step 1 of 2",
        "1.1.0 (2) 5 %, 19 requests",
        "1.0.0 (1) 95 %, 19 requests",
        "not enough data so far",
    ]
    assert summary(seen(deployed, status=Status.ABORTED, reason="word " * 40))[-1].endswith("word ...")


def test_nothing_in_a_record_steers_a_terminal() -> None:
    nasty = "a\x1b[31m\nb\x07"
    changes: dict[str, Any] = {"by": nasty, "start_reason": nasty, "reason": nasty, "model_version": nasty}
    found = seen(baking(), **changes, wish=Wish(kind=WishKind.ABORT, why=nasty, by=nasty))
    ended = seen(baking(), **changes, status=Status.ABORTED, settings=Settings())
    for line in [*lines(found), *summary(found), *lines(ended), *summary(ended)]:
        assert line.isprintable(), line
