"""The web ACL before the API: a rate rule, a size rule, AWS's managed rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from infra.config import Firewall

_Acl = wafv2.CfnWebACL
_MANAGED: Final = (
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesAmazonIpReputationList",
)
# A body is numbers and text for a model, read by a strict decoder and put into no page, path or query. These rules
# look for such uses, and the first refuses every body over 8 KB: they count and do not block.
_COUNTED: Final = {
    "AWSManagedRulesCommonRuleSet": (
        "SizeRestrictions_BODY",
        "CrossSiteScripting_BODY",
        "GenericLFI_BODY",
        "GenericRFI_BODY",
    )
}


class WebAcl(Construct):
    """Allows what no rule blocks."""

    def __init__(
        self, scope: Construct, construct_id: str, *, firewall: Firewall, gateway_stage: apigateway.Stage
    ) -> None:
        super().__init__(scope, construct_id)
        rules = [_rate_rule(firewall), _size_rule(firewall)]
        rules += [_managed_rule(name, priority) for priority, name in enumerate(_MANAGED, start=len(rules))]
        acl = _Acl(
            self,
            "Acl",
            scope="REGIONAL",
            default_action=_Acl.DefaultActionProperty(allow=_Acl.AllowActionProperty()),
            visibility_config=_visibility("Firewall"),
            rules=rules,
        )
        wafv2.CfnWebACLAssociation(self, "Association", resource_arn=gateway_stage.stage_arn, web_acl_arn=acl.attr_arn)


def at_least(number: int) -> str:
    """Regular expression for the decimal numbers that are ``number`` or more, without leading zeros."""
    digits = str(number)
    larger = [
        f"{digits[:i]}[{int(digit) + 1}-9][0-9]{{{len(digits) - i - 1}}}"
        for i, digit in enumerate(digits)
        if digit != "9"
    ]
    return f"^({'|'.join([digits, *larger])}|[1-9][0-9]{{{len(digits)},}})$"


def _rate_rule(firewall: Firewall) -> wafv2.CfnWebACL.RuleProperty:
    statement = _Acl.StatementProperty(
        rate_based_statement=_Acl.RateBasedStatementProperty(
            aggregate_key_type="IP", limit=firewall.requests_per_address, evaluation_window_sec=300
        )
    )
    return _blocking_rule("Rate", 0, statement)


def _size_rule(firewall: Firewall) -> wafv2.CfnWebACL.RuleProperty:
    """By the announced length: WAF itself reads no more than the first 64 KB of a body."""
    statement = _Acl.StatementProperty(
        regex_match_statement=_Acl.RegexMatchStatementProperty(
            field_to_match=_Acl.FieldToMatchProperty(single_header={"Name": "content-length"}),
            regex_string=at_least(firewall.max_body_bytes + 1),
            text_transformations=[_Acl.TextTransformationProperty(priority=0, type="NONE")],
        )
    )
    return _blocking_rule("Size", 1, statement)


def _blocking_rule(
    name: str, priority: int, statement: wafv2.CfnWebACL.StatementProperty
) -> wafv2.CfnWebACL.RuleProperty:
    return _Acl.RuleProperty(
        name=name,
        priority=priority,
        action=_Acl.RuleActionProperty(block=_Acl.BlockActionProperty()),
        statement=statement,
        visibility_config=_visibility(name),
    )


def _managed_rule(name: str, priority: int) -> wafv2.CfnWebACL.RuleProperty:
    group = _Acl.ManagedRuleGroupStatementProperty(
        vendor_name="AWS", name=name, rule_action_overrides=_count(_COUNTED.get(name, ()))
    )
    return _Acl.RuleProperty(
        name=name,
        priority=priority,
        override_action=_Acl.OverrideActionProperty(none={}),
        statement=_Acl.StatementProperty(managed_rule_group_statement=group),
        visibility_config=_visibility(name),
    )


def _count(rules: Sequence[str]) -> list[wafv2.CfnWebACL.RuleActionOverrideProperty]:
    counting = _Acl.RuleActionProperty(count=_Acl.CountActionProperty())
    return [_Acl.RuleActionOverrideProperty(name=rule, action_to_use=counting) for rule in rules]


def _visibility(name: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    """Counts only: sampled requests would be kept with their headers."""
    return _Acl.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )
