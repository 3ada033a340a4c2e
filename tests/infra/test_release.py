"""What moves the alias."""

from __future__ import annotations

from tests.infra.synthesis import Synthesis

MOVE = "Custom::AliasMove"


def test_the_move_follows_the_published_version(dev: Synthesis) -> None:
    stack = dev["Model-plain"]
    (version,) = stack.of_type("AWS::Lambda::Version")
    (function,) = stack.of_type("AWS::Lambda::Version")[version]["Properties"]["FunctionName"].values()
    move = stack.properties(MOVE)
    assert move["Version"] == {"Fn::GetAtt": [version, "Version"]}
    assert move["FunctionName"] == {"Ref": function}
    assert (move["Alias"], move["Model"]) == ("live", "plain")


def test_the_move_waits_for_the_alias_and_for_its_permission(dev: Synthesis) -> None:
    stack = dev["Model-plain"]
    (move,) = stack.of_type(MOVE).values()
    (alias,) = stack.of_type("AWS::Lambda::Alias")
    assert alias in move["DependsOn"]
    assert any(stack.resources[name]["Type"] == "AWS::IAM::Policy" for name in move["DependsOn"])


def test_the_first_warm_instances_come_with_the_move(dev: Synthesis) -> None:
    assert dev["Model-warm"].properties(MOVE)["WarmInstances"] == "2"
    assert "WarmInstances" not in dev["Model-plain"].properties(MOVE)


def test_warm_instances_follow_the_clock(dev: Synthesis) -> None:
    target = dev["Model-warm"].properties("AWS::ApplicationAutoScaling::ScalableTarget")
    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 10)
    assert target["ScalableDimension"] == "lambda:function:ProvisionedConcurrency"
    actions = [(action["Schedule"], action["ScalableTargetAction"]) for action in target["ScheduledActions"]]
    assert actions == [
        ("cron(0 7 * * ? *)", {"MinCapacity": 10, "MaxCapacity": 10}),
        ("cron(0 19 * * ? *)", {"MinCapacity": 2, "MaxCapacity": 2}),
    ]


def test_the_mover_can_change_its_own_model_alone(dev: Synthesis) -> None:
    stack = dev["Model-plain"]
    (function,) = stack.properties("AWS::Lambda::Version")["FunctionName"].values()
    (policy,) = (found for name, found in stack.of_type("AWS::IAM::Policy").items() if "Permission" in name)
    own = {"Fn::GetAtt": [function, "Arn"]}
    plain, qualified = policy["Properties"]["PolicyDocument"]["Statement"]
    assert plain["Resource"] == own
    assert qualified["Resource"] == {"Fn::Join": ["", [own, ":*"]]}


def test_the_mover_carries_its_own_code_alone(dev: Synthesis) -> None:
    assert len(dev["Model-plain"].zips) == 1
    assert dev["Model-plain"].zips == dev["Model-snap"].zips
