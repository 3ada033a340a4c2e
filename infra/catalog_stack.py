"""The control plane: one function that knows what every model declares and which of its versions serve.

A stack of its own, after the models and before the API: see docs/decisions.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.config import Stage
from infra.cors import cors_environment
from infra.function_role import FunctionRole
from infra.images import catalog_image
from infra.inference_function import ALIAS
from infra.logs import EncryptedLogs
from infra.model_stack import ModelStack, parameter_path
from infra.platform_stack import PlatformStack
from infra.stage_stack import StageStack

# A managed policy holds 6,144 characters and a role takes ten of them. A model needs two ARNs of at most 130.
_MODELS_PER_POLICY: Final = 20


class CatalogStack(StageStack):
    """``alias`` is what the API calls. CloudFormation moves it with every deploy: it decides no prediction."""

    def __init__(
        self, scope: Construct, *, stage: Stage, models: Sequence[ModelStack], platform: PlatformStack, root: Path
    ) -> None:
        super().__init__(scope, "Catalog", stage=stage, description="Serin: the catalogue of models")
        logs = EncryptedLogs(self, "Logs", stage=stage, key=platform.key)
        role = FunctionRole(self, "Role", log_group=logs)
        path = parameter_path(stage)
        self._allow(role, path, models)
        self._allow_releases(role, platform)
        function = lambda_.DockerImageFunction(
            self,
            "Function",
            description="Serin: catalogue, API documents and health",
            code=catalog_image(root, base_image=stage.base_image),
            architecture=lambda_.Architecture.X86_64,
            memory_size=1024,
            timeout=cdk.Duration.seconds(29),
            environment={
                "SERIN_MODELS_PARAMETER_PATH": path,
                "SERIN_CREDENTIALS": stage.access.credentials,
                "SERIN_RELEASES_TABLE": platform.releases.table_name,
                **cors_environment(stage.cors),
            },
            tracing=lambda_.Tracing.ACTIVE,
            role=role,
            log_group=logs,
        )
        self.alias = lambda_.Alias(self, "Alias", alias_name=ALIAS, version=function.current_version)

    def _allow(self, role: iam.Role, path: str, models: Sequence[ModelStack]) -> None:
        parameters = self.format_arn(service="ssm", resource="parameter", resource_name=path.lstrip("/"))
        role.add_to_policy(iam.PolicyStatement(actions=["ssm:GetParametersByPath"], resources=[parameters]))
        for first in range(0, len(models), _MODELS_PER_POLICY):
            some = models[first : first + _MODELS_PER_POLICY]
            iam.ManagedPolicy(
                self,
                f"Models{first}",
                description="See which versions serve, and ask them whether they are ready",
                roles=[role],
                statements=[
                    iam.PolicyStatement(
                        actions=["lambda:GetAlias", "lambda:ListVersionsByFunction"],
                        resources=[model.function.function_arn for model in some],
                    ),
                    iam.PolicyStatement(
                        actions=["lambda:InvokeFunction"], resources=[model.alias.function_arn for model in some]
                    ),
                ],
            )

    def _allow_releases(self, role: iam.Role, platform: PlatformStack) -> None:
        """Read the records, and use the key for that alone: logs and messages lie under the same one."""
        through_table = {"StringEquals": {"kms:ViaService": f"dynamodb.{self.region}.amazonaws.com"}}
        role.add_to_policy(iam.PolicyStatement(actions=["dynamodb:Query"], resources=[platform.releases.table_arn]))
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["kms:Decrypt", "kms:DescribeKey"],
                resources=[platform.key.key_arn],
                conditions=through_table,
            )
        )
