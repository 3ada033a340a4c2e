"""A sweep over every resource of every stage: what no template may hold."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.infra.stages import DEV, PROD, SIGNED, TOKENS
from tests.infra.synthesis import Synthesis

Statement = dict[str, Any]

# Actions that AWS offers for no narrower resource.
WITHOUT_RESOURCE: Final = {
    "cloudwatch:DescribeAlarms",
    "cloudwatch:GetMetricData",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
# Policies that stand on the resource itself, where `*` means this very resource.
OWN_POLICIES: Final = {"AWS::KMS::Key": "KeyPolicy"}
ENCRYPTED: Final = {"AWS::Logs::LogGroup": "KmsKeyId", "AWS::SNS::Topic": "KmsMasterKeyId"}
# Types that keep data; one that is not listed here has not been thought about.
STORES: Final = re.compile(r"AWS::(S3|DynamoDB|SQS|Kinesis|KinesisFirehose|RDS|EFS|ElastiCache|OpenSearchService)::")

STAGES: Final = (DEV.name, PROD.name, TOKENS.name, SIGNED.name)


@pytest.fixture(params=STAGES)
def stacks(request: pytest.FixtureRequest) -> Synthesis:
    found: Synthesis = request.getfixturevalue(request.param)
    return found


def test_no_action_is_a_wildcard_but_the_account_over_its_own_key(stacks: Synthesis) -> None:
    found = [
        (where, action)
        for where, statement in _statements(stacks)
        for action in _listed(statement["Action"])
        if action == "*" or action.endswith(":*")
    ]
    assert {action for _, action in found} <= {"kms:*"}
    assert {where.rsplit("/", 1)[1].startswith("Key") for where, _ in found} <= {True}


def test_no_policy_reaches_every_resource_but_for_actions_that_know_no_narrower_one(stacks: Synthesis) -> None:
    open_ones = {
        action
        for where, statement in _identity_statements(stacks)
        if "*" in _listed(statement["Resource"])
        for action in _listed(statement["Action"])
    }
    assert open_ones <= WITHOUT_RESOURCE


def test_wildcards_in_a_resource_stay_below_one_resource_of_this_stack(stacks: Synthesis) -> None:
    for where, statement in _identity_statements(stacks):
        for resource in _listed(statement["Resource"]):
            if isinstance(resource, str) and resource != "*":
                assert "*" not in resource, where
            if "Fn::Join" in resource and "*" in json.dumps(resource):
                owner, rest = resource["Fn::Join"][1]
                assert "Fn::GetAtt" in owner, where
                assert rest == ":*", where


def test_only_a_service_of_this_account_or_the_account_is_trusted(stacks: Synthesis) -> None:
    for where, statement in _statements(stacks):
        if statement["Effect"] == "Allow":
            assert statement.get("Principal") != "*", where
            assert "*" not in json.dumps(statement.get("Principal", {}).get("AWS", "")), where


def test_every_log_ends_some_day_and_is_encrypted(stacks: Synthesis) -> None:
    groups = [(where, found) for where, found in stacks.every_resource() if found["Type"] == "AWS::Logs::LogGroup"]
    assert len(groups) >= 2 * len([name for name in stacks if name.startswith("Model-")]) + 3
    for where, group in groups:
        assert group["Properties"]["RetentionInDays"] <= 400, where


def test_every_function_writes_to_a_log_of_its_stack(stacks: Synthesis) -> None:
    for where, function in stacks.every_resource():
        if function["Type"] == "AWS::Lambda::Function":
            assert "Ref" in function["Properties"]["LoggingConfig"]["LogGroup"], where


def test_every_store_is_encrypted_under_the_platforms_key(stacks: Synthesis) -> None:
    for where, resource in stacks.every_resource():
        if resource["Type"] == "AWS::DynamoDB::Table":
            encryption = resource["Properties"]["SSESpecification"]
            assert encryption["SSEEnabled"] is True, where
            assert re.search(r"Key[0-9A-F]{8}", json.dumps(encryption["KMSMasterKeyId"])), where
            continue
        assert not STORES.match(resource["Type"]), f"{where}: say here how it is encrypted and closed"
        if resource["Type"] in ENCRYPTED:
            key = json.dumps(resource["Properties"][ENCRYPTED[resource["Type"]]])
            assert re.search(r"Key[0-9A-F]{8}", key), where


def test_the_key_turns_over(stacks: Synthesis) -> None:
    assert stacks["Platform"].properties("AWS::KMS::Key")["EnableKeyRotation"] is True


def test_no_route_is_open(stacks: Synthesis) -> None:
    methods = stacks["Api"].of_type("AWS::ApiGateway::Method")
    assert len(methods) >= 8
    for name, method in methods.items():
        properties = method["Properties"]
        if properties["HttpMethod"] == "OPTIONS":
            assert properties["Integration"]["Type"] == "MOCK", name
        else:
            assert properties["AuthorizationType"] != "NONE" or properties.get("ApiKeyRequired") is True, name


def permissions(stacks: Synthesis) -> Iterator[tuple[str, Any]]:
    for where, found in stacks.every_resource():
        if found["Type"] == "AWS::Lambda::Permission":
            yield where, found["Properties"]


def test_nobody_but_the_api_and_a_models_own_rule_is_let_in(stacks: Synthesis) -> None:
    principals = {permission["Principal"] for _, permission in permissions(stacks)}
    assert principals == {"apigateway.amazonaws.com", "events.amazonaws.com"}
    for where, permission in permissions(stacks):
        assert permission["Action"] == "lambda:InvokeFunction", where
        if permission["Principal"] == "events.amazonaws.com":
            (rule,) = stacks[where.split("/")[0].split("-", 2)[2]].of_type("AWS::Events::Rule")
            assert permission["SourceArn"] == {"Fn::GetAtt": [rule, "Arn"]}, where


def test_the_api_invokes_functions_through_aliases_alone(stacks: Synthesis) -> None:
    for where, permission in permissions(stacks):
        if permission["Principal"] != "apigateway.amazonaws.com":
            continue
        assert permission["SourceArn"], where
        target = json.dumps(permission["FunctionName"])
        assert re.search(r"(Alias|Live)[0-9A-F]{8}", target), where


def test_the_api_knows_functions_by_their_aliases_alone(stacks: Synthesis) -> None:
    for name, method in stacks["Api"].of_type("AWS::ApiGateway::Method").items():
        integration = method["Properties"]["Integration"]
        if integration["Type"] == "AWS_PROXY":
            assert re.search(r"Alias[0-9A-F]{8}", json.dumps(integration["Uri"])), name


def test_no_function_has_an_address_of_its_own(stacks: Synthesis) -> None:
    assert "AWS::Lambda::Url" not in {resource["Type"] for _, resource in stacks.every_resource()}


def test_no_template_holds_a_secret(stacks: Synthesis) -> None:
    for stack in stacks.values():
        assert not re.search(r"AKIA[0-9A-Z]{16}|\"(password|secret)\w*\":", json.dumps(stack.body), re.IGNORECASE)
        for key in stack.of_type("AWS::ApiGateway::ApiKey").values():
            assert "Value" not in key["Properties"]


def _statements(stacks: Synthesis) -> Iterator[tuple[str, Statement]]:
    for where, resource in stacks.every_resource():
        for document in _documents(resource.get("Properties", {})):
            for statement in document["Statement"]:
                yield where, statement


def _identity_statements(stacks: Synthesis) -> Iterator[tuple[str, Statement]]:
    kinds = {where: resource["Type"] for where, resource in stacks.every_resource()}
    for where, statement in _statements(stacks):
        if kinds[where] not in OWN_POLICIES and statement["Effect"] == "Allow" and "Resource" in statement:
            yield where, statement


def _documents(value: Any) -> Iterator[dict[str, Any]]:
    """Every policy document below ``value``, whatever the property is called."""
    if isinstance(value, dict):
        if isinstance(value.get("Statement"), list):
            yield value
        for inner in value.values():
            yield from _documents(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _documents(inner)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
