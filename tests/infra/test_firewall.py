"""The web ACL."""

from __future__ import annotations

import re
from typing import Any

import pytest

from infra.firewall import at_least
from tests.infra.synthesis import Synthesis


def _rules(stacks: Synthesis) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = stacks["Api"].properties("AWS::WAFv2::WebACL")["Rules"]
    return rules


def test_prod_has_a_firewall_before_its_stage_and_dev_has_none(prod: Synthesis, dev: Synthesis) -> None:
    (acl,) = prod["Api"].of_type("AWS::WAFv2::WebACL")
    association = prod["Api"].properties("AWS::WAFv2::WebACLAssociation")
    assert association["WebACLArn"] == {"Fn::GetAtt": [acl, "Arn"]}
    (stage,) = prod["Api"].of_type("AWS::ApiGateway::Stage")
    assert {"Ref": stage} in association["ResourceArn"]["Fn::Join"][1]
    assert not dev["Api"].of_type("AWS::WAFv2::WebACL")


def test_one_address_has_its_rate(signed: Synthesis) -> None:
    rate = _rules(signed)[0]
    assert rate["Action"] == {"Block": {}}
    assert rate["Statement"]["RateBasedStatement"] == {
        "AggregateKeyType": "IP",
        "EvaluationWindowSec": 300,
        "Limit": 100,
    }


def test_a_body_over_the_limit_is_refused_by_its_announced_length(prod: Synthesis) -> None:
    size = _rules(prod)[1]
    assert size["Action"] == {"Block": {}}
    statement = size["Statement"]["RegexMatchStatement"]
    assert statement["FieldToMatch"] == {"SingleHeader": {"Name": "content-length"}}
    assert not re.search(statement["RegexString"], "6291556")
    assert re.search(statement["RegexString"], "6291557")


def test_the_managed_rules_look_at_everything_but_what_a_model_is_told(prod: Synthesis) -> None:
    groups = {rule["Name"]: rule["Statement"]["ManagedRuleGroupStatement"] for rule in _rules(prod)[2:]}
    assert groups.keys() == {
        "AWSManagedRulesCommonRuleSet",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "AWSManagedRulesAmazonIpReputationList",
    }
    overridden = {
        override["Name"]: override["ActionToUse"]
        for group in groups.values()
        for override in group.get("RuleActionOverrides", [])
    }
    assert overridden.keys() == {
        "SizeRestrictions_BODY",
        "CrossSiteScripting_BODY",
        "GenericLFI_BODY",
        "GenericRFI_BODY",
    }
    assert all(action == {"Count": {}} for action in overridden.values())


def test_rules_have_an_order_and_keep_no_samples_of_requests(prod: Synthesis) -> None:
    assert [rule["Priority"] for rule in _rules(prod)] == [0, 1, 2, 3, 4]
    assert {rule["VisibilityConfig"]["SampledRequestsEnabled"] for rule in _rules(prod)} == {False}


@pytest.mark.parametrize("number", [1, 9, 10, 99, 100, 109, 6_291_557, 9_999_999])
def test_the_expression_holds_for_a_number_and_all_above_it(number: int) -> None:
    expression = re.compile(at_least(number))
    near = {number + delta for delta in range(-120, 121)} | {number * 10, number * 11, number // 10, 10**12}
    for candidate in near:
        if candidate >= 0:
            assert bool(expression.search(str(candidate))) == (candidate >= number), candidate
