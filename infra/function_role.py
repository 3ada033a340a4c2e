"""What a function runs as: a role that may write its own log and its traces, and no more."""

from __future__ import annotations

from typing import Final

from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.acknowledge import acknowledge

# X-Ray has no resource-level permissions for these (Service Authorization Reference, AWS X-Ray).
_TRACE: Final = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")


class FunctionRole(iam.Role):
    """Instead of AWSLambdaBasicExecutionRole, which may write every log of the account."""

    def __init__(self, scope: Construct, construct_id: str, *, log_group: logs.ILogGroup) -> None:
        super().__init__(scope, construct_id, assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log_group.grant_write(self)
        self.add_to_policy(iam.PolicyStatement(actions=list(_TRACE), resources=["*"]))
        acknowledge(self, "IAM5[Resource::*]", "X-Ray takes traces for no narrower resource than all.")
