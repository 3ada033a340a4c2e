"""Instances kept ready: by the clock, or by how busy they are; never both, never none."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import msgspec
import pytest
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Template

from infra.warm import WarmInstances
from serin.manifest import ProvisionedConcurrency
from tests.small_models.catalogue import FLOWER

TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"


def template(wanted: ProvisionedConcurrency) -> Template:
    stack = cdk.Stack()
    function = lambda_.Function(
        stack,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_14,
        handler="index.handler",
        code=lambda_.Code.from_inline("def handler(event, context): pass"),
    )
    alias = lambda_.Alias(stack, "Alias", alias_name="live", version=function.current_version)
    WarmInstances(stack, "Warm", alias=alias, wanted=wanted)
    return Template.from_stack(stack)


def target(found: Template) -> dict[str, Any]:
    (resource,) = found.find_resources(TARGET).values()
    properties: dict[str, Any] = resource["Properties"]
    return properties


def test_without_a_schedule_their_number_follows_how_busy_they_are() -> None:
    found = template(ProvisionedConcurrency(min=1, max=5))
    assert (target(found)["MinCapacity"], target(found)["MaxCapacity"]) == (1, 5)
    assert "ScheduledActions" not in target(found)
    (policy,) = found.find_resources(POLICY).values()
    assert policy["Properties"]["TargetTrackingScalingPolicyConfiguration"] == {
        "PredefinedMetricSpecification": {
            "PredefinedMetricType": "LambdaProvisionedConcurrencyUtilization",
        },
        "TargetValue": 0.7,
    }


def test_with_a_schedule_their_number_follows_the_clock_alone() -> None:
    up, down = "cron(0 7 ? * MON-FRI *)", "cron(0 19 ? * MON-FRI *)"
    found = template(ProvisionedConcurrency(min=1, max=5, schedule=up, until=down))
    actions = [(action["Schedule"], action["ScalableTargetAction"]) for action in target(found)["ScheduledActions"]]
    assert actions == [(up, {"MinCapacity": 5, "MaxCapacity": 5}), (down, {"MinCapacity": 1, "MaxCapacity": 1})]
    assert found.find_resources(POLICY) == {}


@pytest.mark.parametrize("field", ["min", "max"])
def test_a_number_below_one_is_refused(field: str) -> None:
    section = {"provisioned_concurrency": {"min": 1, "max": 2, field: 0}}
    with pytest.raises(msgspec.ValidationError, match=rf"Expected `int` >= 1 - at `\$\.serving.*{field}`"):
        msgspec.convert(FLOWER.document() | {"serving": section}, type(FLOWER.manifest()))
