"""Findings of cdk-nag that are answered with a reason, on the smallest construct that raises them."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import IConstruct


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """Answer ``AwsSolutions-{rule}`` on ``construct``, for instance ``IAM5[Resource::*]``."""
    cdk.Validations.of(construct).acknowledge(cdk.Acknowledgment(id=f"AwsSolutions-{rule}", reason=reason))
