"""Golden requests to a version, by boto3's client, whose Stubber checks each call; answers are written out."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber

from functions.release.calls import Calls
from functions.release.golden import GoldenCases
from serin.process import FIGURES
from serin.release.admission import Admission
from serin.release.record import Settings

LIMITS = Settings(max_latency_ms=10, memory_mb=512, timeout_seconds=10)
CASE = {"instance": {"x": 1}, "prediction": {"value": 2.0}}
GOOD = {"value": 2.05}
NEW = {"total_ms": 1.0, "cold_start": True, "memory_mb": 40.0, "init_ms": 50.0}
WARM = {**NEW, "cold_start": False}
STOPPED = itertools.repeat(0.0)
"""A clock."""


def answer(
    prediction: Any = GOOD, figures: dict[str, Any] | None = None, status: int = 200, error: str | None = None
) -> dict[str, Any]:
    headers = {} if figures is None else {FIGURES: json.dumps(figures)}
    body = json.dumps({"predictions": [prediction]})
    payload = json.dumps({"statusCode": status, "headers": headers, "body": body}).encode()
    found: dict[str, Any] = {"Payload": StreamingBody(io.BytesIO(payload), len(payload))}
    return found | ({"FunctionError": error} if error else {})


Admit = Callable[..., Admission]


Stubbed = tuple[Any, Stubber]


@pytest.fixture
def functions() -> Iterator[Stubbed]:
    """Lambda's client. Nothing is sent; a client only has to be signed for somewhere."""
    session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="eu-central-1")  # noqa: S106
    client = session.client("lambda")
    with Stubber(client) as stubber:
        yield client, stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def admit(tmp_path: Path, functions: Stubbed) -> Admit:
    """What is found where a version gives these answers, the first of them to whether it is ready, and no others."""
    client, stubber = functions
    version = {"FunctionName": "f", "Qualifier": "2"}
    for _ in range(2):
        stubber.add_response("get_function_configuration", {"State": "Active"}, version)

    def admission(*answers: dict[str, Any], cases: int = 1, clock: Iterable[float] = STOPPED) -> Admission:
        file = tmp_path / "golden.jsonl"
        file.write_text((json.dumps(CASE) + "\n") * cases)
        for each in answers:
            stubber.add_response("invoke", each, {**version, "Payload": ANY})
        times = iter(clock)
        calls = Calls(client, function="f", model="m")
        golden = GoldenCases(calls, file=file, tolerances={"": (0.1, 0.0)}, clock=lambda: next(times))
        return golden.admission("2", LIMITS)

    return admission


# --- answers --------------------------------------------------------------------------------------------------------


def test_an_answer_within_tolerance_is_as_is_due(admit: Admit) -> None:
    assert admit(answer(), answer()).problems == ()


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (answer({"value": 3.0}), "case 1: prediction.value: 3.0 is not within 0.1 of 2.0"),
        (answer({"label": "a"}), "case 1: prediction: {'label': 'a'} is not {'value': 2.0}"),
        (answer(None, status=500), "case 1: answered with status 500"),
    ],
)
def test_another_answer_is_told_and_ends_the_round_of_all_cases(
    admit: Admit, wrong: dict[str, Any], problem: str
) -> None:
    assert admit(answer(None, NEW), wrong, answer(GOOD, WARM), cases=2).problems == (problem,)


def test_of_many_differences_the_first_few_are_told_and_the_limits_all_the_same(admit: Admit) -> None:
    wrong = [answer({"value": 3.0}, {**WARM, "memory_mb": 500.0}) for _ in range(5)]
    found = admit(answer(None, NEW), *wrong, cases=5).problems
    assert [problem[:7] for problem in found[:3]] == ["case 1:", "case 2:", "case 3:"]
    assert found[3] == "and 2 differences more"
    assert found[4].startswith("golden requests took 500 MB")


def test_a_first_start_that_outlasts_its_time_is_followed_by_another(admit: Admit) -> None:
    assert admit(answer(error="Unhandled"), answer(), answer()).problems == ()


def test_a_version_that_never_answers_is_asked_three_times_and_is_not_ready(admit: Admit) -> None:
    found = admit(*(answer(error="Unhandled") for _ in range(3)))
    assert found == Admission(problems=("version 2 of model m is not ready; its log says why",))


# --- figures --------------------------------------------------------------------------------------------------------


def test_rounds_go_on_until_a_hundred_answers_were_warm(admit: Admit) -> None:
    answers = [answer(GOOD, {**WARM, "total_ms": 1.0 + number}) for number in range(103)]
    answers[5] = answer(GOOD, {**NEW, "total_ms": 9000.0, "init_ms": 60.0})
    found = admit(answer(None, NEW), *answers[:102], cases=7, clock=STOPPED)
    assert (found.requests, found.p99_ms) == (100, 101.0), "neither the first answer nor those of new processes count"
    assert found.problems == (
        "p99 of 100 golden requests is 101 ms, serving.latency_target_ms is 10: raise serving.memory_mb, or the target",
    )


def test_the_process_that_took_most_counts_wherever_lambda_sent_a_request(admit: Admit) -> None:
    other = {**WARM, "memory_mb": 470.0, "init_ms": 11_000.0}
    found = admit(answer(None, NEW), answer(GOOD, WARM), answer(GOOD, other), answer(GOOD, WARM), cases=3, clock=LATE)
    assert (found.memory_mb, found.init_ms) == (470.0, 11_000.0)
    assert [problem.split(",")[0] for problem in found.problems] == [
        "golden requests took 470 MB",
        "a start takes 11 s",
    ]


LATE = (0.0, 1.0, 1.0, 1.0, 60.0)
"""A clock that has run on for a minute when three cases are answered."""


def test_rounds_end_after_a_minute_with_what_they_have(admit: Admit) -> None:
    answers = [answer(GOOD, WARM) for _ in range(3)]
    assert admit(answer(None, NEW), *answers, cases=3, clock=LATE).requests == 2


def test_a_round_that_does_not_end_in_time_is_refused(admit: Admit) -> None:
    found = admit(answer(None, NEW), answer(GOOD, WARM), cases=3, clock=(0.0, 1.0, 300.0))
    assert found.problems == (
        "1 of 3 golden cases were answered in 300 s: keep fewer in golden.jsonl, or raise serving.memory_mb",
    )


def test_the_first_answer_of_a_new_process_takes_its_start_too(admit: Admit) -> None:
    slow = {**WARM, "total_ms": 4_000.0}
    found = admit(answer(None, {**NEW, "init_ms": 7_000.0}), answer(GOOD, slow), clock=(0.0, 1.0, 60.0))
    assert (found.init_ms, found.first_answer_ms) == (7_000.0, 11_000.0)
    (problem,) = found.problems
    assert problem.startswith("a first answer takes 11 s with the start before it, serving.timeout_seconds is 10: ")


def test_a_process_that_had_answered_before_tells_no_first_answer(admit: Admit) -> None:
    found = admit(answer(None, WARM), answer(GOOD, WARM), clock=(0.0, 1.0, 60.0))
    assert (found.init_ms, found.first_answer_ms) == (50.0, None)


def test_without_golden_cases_memory_and_start_are_known_all_the_same(admit: Admit) -> None:
    assert admit(answer(None, NEW), cases=0) == Admission(memory_mb=40.0, init_ms=50.0, first_answer_ms=51.0)


@pytest.mark.parametrize("told", [None, {"total_ms": 1.0, "cold_start": True}])
def test_a_process_that_tells_little_is_admitted_on_what_it_tells(admit: Admit, told: dict[str, Any] | None) -> None:
    found = admit(answer(None, told), answer(GOOD, told), clock=(0.0, 1.0, 60.0))
    assert found == Admission()


def test_a_version_that_lambda_cannot_start_is_refused(functions: Stubbed, tmp_path: Path) -> None:
    client, stubber = functions
    for state in ("Pending", "Failed"):
        stubber.add_response("get_function_configuration", {"State": state})
    golden = GoldenCases(Calls(client, function="f", model="m"), file=tmp_path / "none", tolerances={})
    (problem,) = golden.admission("2", LIMITS).problems
    assert problem.startswith("version 2 of model m cannot be called: Waiter PublishedVersionActive failed")


# --- replays --------------------------------------------------------------------------------------------------------


def replayed(
    functions: Stubbed, file: Path, cases: int, answers: list[dict[str, Any] | str], clock: Iterable[float] = STOPPED
) -> None:
    """Replay to the versions 2 and 1, which answer in turn; a text is an error that Lambda itself answers with."""
    client, stubber = functions
    file.write_text("".join(json.dumps({**CASE, "instance": {"x": x}}) + "\n" for x in range(cases)))
    for each, version in zip(answers, itertools.cycle("21"), strict=False):
        if isinstance(each, str):
            stubber.add_client_error("invoke", each)
        else:
            stubber.add_response("invoke", each, {"FunctionName": "f", "Qualifier": version, "Payload": ANY})
    times = iter(clock)
    calls = Calls(client, function="f", model="m")
    GoldenCases(calls, file=file, tolerances={}, clock=lambda: next(times)).replay(("2", "1"))


def test_both_versions_are_sent_the_same_cases(functions: Stubbed, tmp_path: Path) -> None:
    sent: list[tuple[str, int]] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        body = json.loads(json.loads(params["Payload"])["body"])
        sent.append((params["Qualifier"], body["instances"][0]["x"]))

    functions[0].meta.events.register("provide-client-params.lambda.Invoke", note)
    replayed(functions, tmp_path / "golden.jsonl", 2, [answer() for _ in range(4)])
    assert sent == [("2", 0), ("1", 0), ("2", 1), ("1", 1)]


@pytest.mark.parametrize("problem", [answer(error="Unhandled"), "TooManyRequestsException"])
def test_a_replay_that_fails_is_not_tried_again_and_holds_nothing_up(
    functions: Stubbed, tmp_path: Path, problem: dict[str, Any] | str
) -> None:
    replayed(functions, tmp_path / "golden.jsonl", 1, [problem, answer()])


def test_replays_end_after_some_seconds_and_begin_elsewhere_the_next_time(functions: Stubbed, tmp_path: Path) -> None:
    first: list[int] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        first.append(json.loads(json.loads(params["Payload"])["body"])["instances"][0]["x"])

    functions[0].meta.events.register("provide-client-params.lambda.Invoke", note)
    replayed(functions, tmp_path / "golden.jsonl", 3, [answer(), answer()], clock=(4.0, 4.0, 14.0))
    assert first == [1, 1]
