"""How a new version takes over: at once, when it has said that it is ready.

The one place that moves an alias. The alias stands in the template without the version that it serves, so what
moves it can be exchanged here and nothing else changes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, cast

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.acknowledge import acknowledge
from infra.config import Stage
from infra.function_role import FunctionRole
from infra.inference_function import InferenceFunction
from infra.logs import EncryptedLogs
from serin.manifest import Manifest

_TIMEOUT: Final = cdk.Duration.minutes(10)
_ON_FUNCTION: Final = ("lambda:GetFunctionConfiguration", "lambda:UpdateAlias")
_ON_QUALIFIED: Final = (
    "lambda:DeleteProvisionedConcurrencyConfig",
    "lambda:GetFunctionConfiguration",
    "lambda:GetProvisionedConcurrencyConfig",
    "lambda:InvokeFunction",
    "lambda:PutProvisionedConcurrencyConfig",
)


class Release(Construct):
    """Moves the alias when the version changes, and back when the deploy is rolled back."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        manifest: Manifest,
        serving: InferenceFunction,
        key: kms.IKey,
        root: Path,
    ) -> None:
        super().__init__(scope, construct_id)
        logs = EncryptedLogs(self, "Logs", stage=stage, key=key)
        role = FunctionRole(self, "Role", log_group=logs)
        permission = _allow(self, role, serving.function)
        mover = _mover(self, role, logs, root)
        warm = manifest.serving.provisioned_concurrency
        move = cdk.CustomResource(
            self,
            "Move",
            resource_type="Custom::AliasMove",
            service_token=mover.function_arn,
            service_timeout=_TIMEOUT,
            properties={
                "FunctionName": serving.function.function_name,
                "Alias": serving.alias.alias_name,
                "Version": serving.version.version,
                "Model": manifest.name,
                **({"WarmInstances": str(warm.min)} if warm else {}),
            },
        )
        move.node.add_dependency(serving.alias, permission)


def _mover(scope: Construct, role: iam.IRole, logs: EncryptedLogs, root: Path) -> lambda_.Function:
    return lambda_.Function(
        scope,
        "Mover",
        description="Serin: moves an alias to the version that a deploy has published",
        runtime=lambda_.Runtime.PYTHON_3_14,
        handler="functions.release.handler.on_event",
        code=lambda_.Code.from_asset(
            str(root),
            exclude=["*", "!functions", "!functions/release", "!functions/release/*.py"],
            ignore_mode=cdk.IgnoreMode.GIT,
        ),
        memory_size=256,
        timeout=_TIMEOUT,
        tracing=lambda_.Tracing.ACTIVE,
        role=role,
        log_group=logs,
    )


def _allow(scope: Construct, role: iam.IRole, function: lambda_.IFunction) -> iam.Policy:
    """This one function, in all its versions: the policy stays as it is, so no version waits for it to spread."""
    arn = function.function_arn
    policy = iam.Policy(
        scope,
        "Permission",
        statements=[
            iam.PolicyStatement(actions=list(_ON_FUNCTION), resources=[arn]),
            iam.PolicyStatement(actions=list(_ON_QUALIFIED), resources=[f"{arn}:*"]),
        ],
    )
    policy.attach_to_role(role)
    function_id = cdk.Stack.of(scope).get_logical_id(cast("cdk.CfnElement", function.node.default_child))
    acknowledge(
        policy,
        f"IAM5[Resource::<{function_id}.Arn>:*]",
        "The versions and the alias of this one function; a version's number is not known before the deploy.",
    )
    return policy
