"""Functions on the emulator: the share of each version, their metrics, their limits."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.release.crashes import Crashes
from local.clients import client
from local.emulator import Emulator

CALLS = 300
SHARE = 0.2
# Five standard deviations of a binomial share: a right emulator fails once in two million runs.
TOLERANCE = 5 * (SHARE * (1 - SHARE) / CALLS) ** 0.5


def total(emulator: Emulator, namespace: str, metric: str, **dimensions: str) -> float:
    """The sum of a metric over the last hour."""
    now = datetime.now(UTC)
    found = client(emulator, "cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=7200,
        Statistics=["Sum"],
    )
    return float(sum(point["Sum"] for point in found["Datapoints"]))


def test_direct_calls_are_shared_by_the_weights_of_the_alias(
    emulator: Emulator, new_function: Callable[[], str]
) -> None:
    name = new_function()
    functions = client(emulator, "lambda")
    functions.update_alias(FunctionName=name, Name="live", RoutingConfig={"AdditionalVersionWeights": {"2": SHARE}})
    calls = [functions.invoke(FunctionName=name, Qualifier="live") for _ in range(CALLS)]
    ran = Counter(call["ExecutedVersion"] for call in calls)
    assert set(ran) == {"1", "2"}
    assert abs(ran["2"] / CALLS - SHARE) < TOLERANCE
    assert [json.loads(call["Payload"].read())["headers"]["X-Version"] for call in calls] == [
        call["ExecutedVersion"] for call in calls
    ]
    for version, count in ran.items():
        of_version = {"FunctionName": name, "Resource": f"{name}:live", "ExecutedVersion": version}
        assert total(emulator, "AWS/Lambda", "Invocations", **of_version) == count


def test_a_call_by_version_leaves_the_alias_out(emulator: Emulator, new_function: Callable[[], str]) -> None:
    name = new_function()
    client(emulator, "lambda").invoke(FunctionName=name, Qualifier="2")
    assert total(emulator, "AWS/Lambda", "Invocations", FunctionName=name, Resource=f"{name}:2") == 1
    assert total(emulator, "AWS/Lambda", "Invocations", FunctionName=name, Resource=f"{name}:live") == 0


def test_an_error_counts_on_the_version_that_made_it(emulator: Emulator, new_function: Callable[[], str]) -> None:
    name = new_function()
    functions = client(emulator, "lambda")
    functions.invoke(FunctionName=name, Qualifier="live", Payload=b'{"fail": true}')
    functions.invoke(FunctionName=name, Qualifier="live")
    of_version = {"FunctionName": name, "Resource": f"{name}:live", "ExecutedVersion": "1"}
    assert total(emulator, "AWS/Lambda", "Errors", **of_version) == 1
    assert total(emulator, "AWS/Lambda", "Invocations", **of_version) == 2


def test_a_release_finds_the_crashes_of_each_version_behind_the_alias_alone(
    emulator: Emulator, new_function: Callable[[], str]
) -> None:
    name, other = new_function(), new_function()
    functions = client(emulator, "lambda")
    for function, qualifier in ((name, "live"), (name, "live"), (name, "1"), (name, "2"), (other, "live")):
        functions.invoke(FunctionName=function, Qualifier=qualifier, Payload=b'{"fail": true}')
    functions.invoke(FunctionName=name, Qualifier="live")
    crashes = Crashes(client=client(emulator, "cloudwatch"), function=name, alias="live", lag_seconds=0.0)
    now = time.time()
    assert crashes.count(("1", "2"), since=now - 600, until=now + 60, beginning=0.0) == {"1": 2, "2": 0}
    assert crashes.count(("1", "2"), since=now - 600, until=now + 60, beginning=now)["1"] == 0


def test_a_log_line_in_embedded_metric_format_becomes_a_metric(
    emulator: Emulator, new_function: Callable[[], str]
) -> None:
    name = new_function()
    client(emulator, "lambda").invoke(FunctionName=name)
    assert total(emulator, "Serin", "rows", function=name) == 5


def test_reserved_concurrency_holds_for_calls_to_the_alias(emulator: Emulator, new_function: Callable[[], str]) -> None:
    name = new_function()
    functions = client(emulator, "lambda")
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)

    def call(_index: int) -> str:
        try:
            functions.invoke(FunctionName=name, Qualifier="live", Payload=b'{"sleep": 0.5}')
        except functions.exceptions.TooManyRequestsException:
            return "throttled"
        return "served"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(call, range(2))) == ["served", "throttled"]
    assert total(emulator, "AWS/Lambda", "Throttles", FunctionName=name) == 1
    assert total(emulator, "AWS/Lambda", "Invocations", FunctionName=name) == 1


def test_a_request_over_the_limit_never_reaches_the_function(
    emulator: Emulator, new_function: Callable[[], str]
) -> None:
    name = new_function()
    payload = json.dumps({"text": "x" * 6_300_000}).encode()
    answer = client(emulator, "lambda").invoke(FunctionName=name, Payload=payload)
    assert json.loads(answer["Payload"].read())["statusCode"] == 413
    assert total(emulator, "AWS/Lambda", "Invocations", FunctionName=name) == 0


@pytest.fixture
def alarm(emulator: Emulator) -> Callable[[str], dict[str, Any]]:
    """The alarm of that name as CloudWatch describes it."""
    return lambda name: dict(client(emulator, "cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"][0])


def test_an_alarm_sees_its_own_dimensions_only_and_recovers_without_new_data(
    emulator: Emulator, alarm: Callable[[str], dict[str, Any]]
) -> None:
    watch = client(emulator, "cloudwatch")
    for model in ("iris", "wine"):
        watch.put_metric_alarm(
            AlarmName=f"errors-{model}",
            Namespace="Alarms",
            MetricName="errors",
            Dimensions=[{"Name": "model", "Value": model}],
            Statistic="Sum",
            Period=2,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            TreatMissingData="notBreaching",
        )
    dimensions = [{"Name": "model", "Value": "iris"}]
    watch.put_metric_data(
        Namespace="Alarms", MetricData=[{"MetricName": "errors", "Dimensions": dimensions, "Value": 1.0}]
    )
    states: list[tuple[str, str]] = []
    deadline = time.monotonic() + 10
    while len(states) < 3 and time.monotonic() < deadline:
        state = (alarm("errors-iris")["StateValue"], alarm("errors-wine")["StateValue"])
        if state[1] == "OK" and (not states or states[-1] != state):
            states.append(state)
        if states[-1:] == [("OK", "OK")] and ("ALARM", "OK") in states:
            break
        time.sleep(0.1)
    assert states[-2:] == [("ALARM", "OK"), ("OK", "OK")]
