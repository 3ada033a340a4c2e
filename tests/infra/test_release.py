"""What releases a version."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from functions.release.commands import number_of
from infra.release import release_settings
from serin.model_folder import load_manifest
from serin.release.items import read_settings
from tests.infra.synthesis import REPOSITORY, Synthesis

START = "Custom::Release"


def test_a_release_follows_the_published_version(dev: Synthesis) -> None:
    stack = dev["Model-plain"]
    (version,) = stack.of_type("AWS::Lambda::Version")
    start = stack.properties(START)
    assert start["Version"] == {"Fn::GetAtt": [version, "Version"]}
    assert (start["Model"], start["ModelVersion"]) == ("plain", "1.0.0")
    assert read_settings(json.loads(start["Settings"])).steps == (5, 25, 50)


def test_a_release_waits_for_the_alias_its_permission_and_its_machine(dev: Synthesis) -> None:
    stack = dev["Model-plain"]
    (start,) = stack.of_type(START).values()
    kinds = {stack.resources[name]["Type"] for name in start["DependsOn"]}
    assert {"AWS::Lambda::Alias", "AWS::IAM::Policy", "AWS::StepFunctions::StateMachine"} <= kinds


def test_the_machine_starts_by_the_name_that_the_function_knows(dev: Synthesis) -> None:
    stack = dev["Model-plain"]
    name = stack.properties("AWS::StepFunctions::StateMachine")["StateMachineName"]
    arn = json.dumps(stack.properties("AWS::Lambda::Function", Handler="functions.release.handler.on_event"))
    assert f":stateMachine:{name}" in arn


def test_a_look_that_keeps_failing_gives_the_stable_version_everything(dev: Synthesis) -> None:
    definition = json.dumps(dev["Model-plain"].properties("AWS::StepFunctions::StateMachine")["DefinitionString"])
    for word in ("Look", "Bake", "HasEnded", "Restore", "GivenUp", "States.ALL"):
        assert word in definition


def test_a_release_whose_execution_was_stopped_by_hand_goes_back(dev: Synthesis) -> None:
    stack = dev["Model-plain"]
    (machine,) = stack.of_type("AWS::StepFunctions::StateMachine")
    rule = stack.properties("AWS::Events::Rule")
    assert rule["EventPattern"] == {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {"stateMachineArn": [{"Ref": machine}], "status": ["ABORTED", "FAILED", "TIMED_OUT"]},
    }
    (target,) = rule["Targets"]
    asked = target["InputTransformer"]["InputTemplate"]
    for place, path in target["InputTransformer"]["InputPathsMap"].items():
        assert path == "$.detail.name"
        asked = asked.replace(f"<{place}>", json.dumps("release-3-1-1700000000"))
    assert json.loads(asked) == {"command": "restore", "execution": "release-3-1-1700000000"}
    assert number_of("release-3-1-1700000000") == 3


def test_warm_models_are_released_without_weights_which_lambda_does_not_take_beside_them(dev: Synthesis) -> None:
    start = dev["Model-warm"].properties(START)
    assert read_settings(json.loads(start["Settings"])).steps == (100,)
    assert start["WarmInstances"] == "2"
    assert "WarmInstances" not in dev["Model-plain"].properties(START)


@pytest.mark.parametrize(("name", "judged"), [("models/plain", False), ("diabetes", True)])
def test_predictions_are_judged_where_their_bins_are_logged(project: Path, name: str, judged: bool) -> None:
    folder = project / name if not judged else REPOSITORY / "models" / name
    settings = release_settings(load_manifest(folder / "model.yaml"), folder)
    assert (settings.max_prediction_shift is not None) is judged


def test_a_version_is_held_to_what_its_manifest_says_of_its_serving(project: Path) -> None:
    folder = project / "models" / "plain"
    serving = load_manifest(folder / "model.yaml").serving
    settings = release_settings(load_manifest(folder / "model.yaml"), folder)
    assert (settings.max_latency_ms, settings.memory_mb, settings.timeout_seconds) == (
        serving.latency_target_ms,
        serving.memory_mb,
        serving.timeout_seconds,
    )


def test_records_outlast_a_stage_that_keeps_its_key(dev: Synthesis, prod: Synthesis) -> None:
    for stacks, policy in ((dev, "Delete"), (prod, "Retain")):
        (table,) = stacks["Platform"].of_type("AWS::DynamoDB::Table").values()
        assert table["DeletionPolicy"] == policy
        assert table["Properties"]["BillingMode"] == "PAY_PER_REQUEST"
        assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_warm_instances_follow_the_clock(dev: Synthesis) -> None:
    target = dev["Model-warm"].properties("AWS::ApplicationAutoScaling::ScalableTarget")
    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 10)
    assert target["ScalableDimension"] == "lambda:function:ProvisionedConcurrency"
    actions = [(action["Schedule"], action["ScalableTargetAction"]) for action in target["ScheduledActions"]]
    assert actions == [
        ("cron(0 7 * * ? *)", {"MinCapacity": 10, "MaxCapacity": 10}),
        ("cron(0 19 * * ? *)", {"MinCapacity": 2, "MaxCapacity": 2}),
    ]


def test_a_release_can_change_its_own_model_and_records_alone(dev: Synthesis) -> None:
    stack = dev["Model-plain"]
    (function,) = stack.properties("AWS::Lambda::Version")["FunctionName"].values()
    (policy,) = (found for name, found in stack.of_type("AWS::IAM::Policy").items() if "Permission" in name)
    own = {"Fn::GetAtt": [function, "Arn"]}
    statements = policy["Properties"]["PolicyDocument"]["Statement"]
    by_service = {json.dumps(each["Action"]).split(":")[0].strip('["'): each for each in statements[2:]}
    assert statements[0]["Resource"] == own
    assert statements[1]["Resource"] == {"Fn::Join": ["", [own, ":*"]]}
    assert by_service["dynamodb"]["Condition"] == {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["plain"]}}


def test_the_release_function_carries_its_own_code_and_its_models_golden_cases_alone(dev: Synthesis) -> None:
    plain, snap = dev["Model-plain"].zips, dev["Model-snap"].zips
    assert len(plain) == 2
    assert len(plain & snap) >= 1, "the runtime's layer"
