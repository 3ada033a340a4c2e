"""What stacks share: order, tags, protection, outputs."""

from __future__ import annotations

import json
import re

import pytest

from functions.catalog.credentials import Credentials
from tests.infra.synthesis import Synthesis


def test_a_stage_is_a_platform_a_stack_a_model_a_catalogue_and_an_api(dev: Synthesis) -> None:
    assert list(dev) == ["Platform", "Model-plain", "Model-snap", "Model-warm", "Catalog", "Api"]
    assert {stack.name for stack in dev.values()} == {f"Serin-dev-{name}" for name in dev}


def test_a_models_resources_carry_its_name_to_the_bill(dev: Synthesis) -> None:
    assert dev["Model-plain"].tags == {"serin:stage": "dev", "serin:model": "plain"}
    assert dev["Api"].tags == {"serin:stage": "dev"}


def test_prod_is_protected_from_deletion_and_keeps_its_key(prod: Synthesis, dev: Synthesis) -> None:
    assert {stack.protected for stack in prod.values()} == {True}
    assert {stack.protected for stack in dev.values()} == {False}
    kept, removed = (next(iter(stacks["Platform"].of_type("AWS::KMS::Key").values())) for stacks in (prod, dev))
    assert (kept["DeletionPolicy"], removed["DeletionPolicy"]) == ("Retain", "Delete")


def test_in_dev_nothing_but_versions_outlives_the_stacks(dev: Synthesis) -> None:
    kept = {
        resource["Type"] for _, resource in dev.every_resource() if resource.get("DeletionPolicy", "Delete") != "Delete"
    }
    # A version goes with its function.
    assert kept == {"AWS::Lambda::Version"}


def test_the_alias_of_a_model_is_an_output_and_a_parameter(dev: Synthesis) -> None:
    stack = dev["Model-plain"]
    (alias,) = stack.of_type("AWS::Lambda::Alias")
    assert stack.body["Outputs"]["AliasArn"]["Value"] == {"Ref": alias}
    entry = stack.properties("AWS::SSM::Parameter")
    assert (entry["Name"], entry["Value"]) == ("/serin/dev/models/plain", {"Ref": alias})


def test_no_stack_of_a_model_knows_another_model(dev: Synthesis) -> None:
    for name in ("plain", "snap", "warm"):
        text = json.dumps(dev[f"Model-{name}"].body)
        assert not [other for other in ("plain", "snap", "warm") if other != name and f"Model-{other}" in text]


@pytest.mark.parametrize("action", ["lambda:GetAlias", "lambda:ListVersionsByFunction", "lambda:InvokeFunction"])
def test_the_catalogue_may_see_and_ask_every_model_and_nothing_else(dev: Synthesis, action: str) -> None:
    (policy,) = dev["Catalog"].of_type("AWS::IAM::ManagedPolicy").values()
    (statement,) = (s for s in policy["Properties"]["PolicyDocument"]["Statement"] if action in s["Action"])
    imports = [resource["Fn::ImportValue"] for resource in statement["Resource"]]
    part = "Alias" if action == "lambda:InvokeFunction" else "GetAttInferenceFunction"
    assert [name.split(":")[0] for name in imports] == [f"Serin-dev-Model-{name}" for name in ("plain", "snap", "warm")]
    assert all(part in name for name in imports)


def test_the_catalogue_is_told_where_models_are_listed_and_may_read_that_alone(dev: Synthesis) -> None:
    function = dev["Catalog"].properties("AWS::Lambda::Function")
    assert function["Environment"]["Variables"]["SERIN_MODELS_PARAMETER_PATH"] == "/serin/dev/models"
    (policy,) = dev["Catalog"].of_type("AWS::IAM::Policy").values()
    (read,) = (
        s for s in policy["Properties"]["PolicyDocument"]["Statement"] if s["Action"] == "ssm:GetParametersByPath"
    )
    assert read["Resource"]["Fn::Join"][1][-1] == ":parameter/serin/dev/models"


def test_the_catalogue_may_read_the_records_of_releases_and_use_the_key_for_them_alone(dev: Synthesis) -> None:
    function = dev["Catalog"].properties("AWS::Lambda::Function")
    table = function["Environment"]["Variables"]["SERIN_RELEASES_TABLE"]["Fn::ImportValue"]
    assert re.fullmatch(r"Serin-dev-Platform:ExportsOutputRefReleases[0-9A-F]{16}", table)
    (policy,) = dev["Catalog"].of_type("AWS::IAM::Policy").values()
    (records, key) = (
        statement
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if json.dumps(statement["Action"]).lstrip('["').startswith(("dynamodb:", "kms:"))
    )
    assert records["Action"] == "dynamodb:Query"
    assert re.search(r"ExportsOutputFnGetAttReleases\w+Arn", records["Resource"]["Fn::ImportValue"])
    assert key["Action"] == ["kms:Decrypt", "kms:DescribeKey"]
    assert re.search(r"ExportsOutputFnGetAttKey\w+Arn", key["Resource"]["Fn::ImportValue"])
    via = {"Fn::Join": ["", ["dynamodb.", {"Ref": "AWS::Region"}, ".amazonaws.com"]]}
    assert key["Condition"] == {"StringEquals": {"kms:ViaService": via}}


@pytest.mark.parametrize(("stage", "credentials"), [("dev", "api-key"), ("tokens", "jwt"), ("signed", "iam")])
def test_the_catalogue_is_told_what_clients_must_show(
    request: pytest.FixtureRequest, stage: str, credentials: str
) -> None:
    stacks: Synthesis = request.getfixturevalue(stage)
    function = stacks["Catalog"].properties("AWS::Lambda::Function")
    assert function["Environment"]["Variables"]["SERIN_CREDENTIALS"] == credentials
    assert Credentials(credentials)


def test_stacks_go_where_the_stage_says_or_else_where_the_credentials_point(tokens: Synthesis, dev: Synthesis) -> None:
    assert {stack.destination for stack in tokens.values()} == {"aws://123456789012/eu-central-1"}
    assert {stack.destination for stack in dev.values()} == {"aws://unknown-account/unknown-region"}
