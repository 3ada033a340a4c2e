"""A real ``cdk deploy`` onto the emulator, its image function in containers, called through its API Gateway."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local.clients import client
from local.commands import run
from local.deploy import LocalDeployment, deploy_local
from tests.integration.engine import need_images

APP = Path(__file__).with_name("app")


@pytest.fixture(scope="module")
def deployment() -> Iterator[LocalDeployment]:
    need_images()
    with deploy_local(APP) as deployed:
        yield deployed


def call(
    deployment: LocalDeployment,
    path: str,
    body: bytes | None = None,
    *,
    key: bool = True,
    kind: str = "application/json",
) -> tuple[int, bytes]:
    headers = {"Content-Type": kind, "Accept": kind} | ({"x-api-key": str(deployment.api_key)} if key else {})
    request = urllib.request.Request(deployment.url + path, body, headers)  # noqa: S310 - the emulator
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - the emulator
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def answered(deployment: LocalDeployment, path: str) -> Any:
    status, body = call(deployment, path)
    assert status == 200, body
    return json.loads(body)


def calls_counted(deployment: LocalDeployment, version: str) -> float:
    """The embedded metric of the function's own log lines."""
    now = datetime.now(UTC)
    found = client(deployment.cloud.emulator, "cloudwatch").get_metric_statistics(
        Namespace="Trial",
        MetricName="calls",
        Dimensions=[{"Name": "version", "Value": version}],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=7200,
        Statistics=["Sum"],
    )
    return float(sum(point["Sum"] for point in found["Datapoints"]))


def test_a_call_without_a_key_is_refused(deployment: LocalDeployment) -> None:
    assert call(deployment, "/who", key=False)[0] == 403


def test_the_image_answers_as_the_version_of_the_alias_and_not_as_root(deployment: LocalDeployment) -> None:
    assert answered(deployment, "/who") == {"version": "1", "user": 993, "emulator": None}


def test_bytes_pass_both_ways_unchanged(deployment: LocalDeployment) -> None:
    content = bytes(range(256))
    assert call(deployment, "/bytes", content, kind="application/octet-stream") == (200, content)


def test_a_function_in_its_container_reaches_the_emulator(deployment: LocalDeployment) -> None:
    assert answered(deployment, "/health")["emulator"] == 200


def test_calls_past_the_plan_are_refused(deployment: LocalDeployment) -> None:
    plans = client(deployment.cloud.emulator, "apigateway")
    plan = plans.get_usage_plans()["items"][0]["id"]

    def limit(value: int) -> None:
        paths = ("/throttle/rateLimit", "/throttle/burstLimit")
        operations = [{"op": "replace", "path": path, "value": str(value)} for path in paths]
        plans.update_usage_plan(usagePlanId=plan, patchOperations=operations)

    limit(2)
    time.sleep(1)
    statuses = Counter(call(deployment, "/who")[0] for _ in range(20))
    limit(100)
    assert set(statuses) == {200, 429}


def test_a_second_deploy_publishes_a_version_that_serves_its_weight_and_no_stack_besides(
    deployment: LocalDeployment,
) -> None:
    edge = last_change(deployment, "Edge")
    deployment.cloud.deploy(APP, environment={"RELEASE": "2"})
    assert last_change(deployment, "Edge") == edge, "the API's stack did not change"
    assert answered(deployment, "/who")["version"] == "1", "nothing is served by the new version yet"
    functions = client(deployment.cloud.emulator, "lambda")
    name = deployment.outputs["Trial"]["FunctionName"]
    functions.update_alias(FunctionName=name, Name="live", RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}})
    before = calls_counted(deployment, "1")
    served = Counter(answered(deployment, "/who")["version"] for _ in range(40))
    assert set(served) == {"1", "2"}
    assert calls_counted(deployment, "1") - before == served["1"]
    assert calls_counted(deployment, "2") == served["2"]


def last_change(deployment: LocalDeployment, stack: str) -> object:
    found = client(deployment.cloud.emulator, "cloudformation").describe_stack_events(StackName=stack)["StackEvents"]
    return max(event["Timestamp"] for event in found)


def test_destroy_leaves_no_function_no_api_and_no_stack(deployment: LocalDeployment) -> None:
    deployment.cloud.destroy(APP)
    emulator = deployment.cloud.emulator
    assert client(emulator, "lambda").list_functions()["Functions"] == []
    assert client(emulator, "apigateway").get_rest_apis()["items"] == []
    stacks = client(emulator, "cloudformation").list_stacks(StackStatusFilter=["CREATE_COMPLETE", "UPDATE_COMPLETE"])
    assert [stack["StackName"] for stack in stacks["StackSummaries"]] == ["CDKToolkit"]
    running = run(
        ["podman", "ps", "--quiet", "--filter", f"label={emulator.container_label}"], what="podman: list containers"
    )
    assert running == ""
