"""One model as a Lambda function: image, published version, alias ``live``, log, role."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.config import Stage
from infra.cors import cors_environment
from infra.function_role import FunctionRole
from infra.images import inference_image, lambda_architecture
from infra.logs import EncryptedLogs
from infra.signer import signer_environment
from serin.errors import ModelFolderError
from serin.manifest import Manifest
from serin.model_folder import MANIFEST_FILE
from serin.signer import Signer

ALIAS: Final = "live"


class InferenceFunction(Construct):
    """``version`` is what this deploy publishes; ``alias`` is what serves, and which version that is, is not said here.

    Raises:
        ModelFolderError: SnapStart and provisioned concurrency together, which Lambda refuses.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        manifest: Manifest,
        key: kms.IKey,
        root: Path,
        signer: Signer | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        serving = manifest.serving
        if serving.snap_start and serving.provisioned_concurrency is not None:
            where = str(root / "models" / manifest.name / MANIFEST_FILE)
            raise ModelFolderError(where, "serving.provisioned_concurrency", "excludes snap_start; choose one")
        self.log_group = EncryptedLogs(self, "Logs", stage=stage, key=key, days=manifest.monitoring.log_retention_days)
        self.function = lambda_.DockerImageFunction(
            self,
            "Function",
            description=f"Serin model {manifest.name}",
            code=inference_image(
                root,
                model=manifest.name,
                base_image=stage.base_image,
                architecture=serving.architecture,
                signer=signer,
            ),
            architecture=lambda_architecture(serving.architecture),
            memory_size=serving.memory_mb,
            timeout=cdk.Duration.seconds(serving.timeout_seconds),
            reserved_concurrent_executions=serving.reserved_concurrency,
            snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS if serving.snap_start else None,
            environment={**cors_environment(stage.cors), **signer_environment(signer)},
            tracing=lambda_.Tracing.ACTIVE,
            role=FunctionRole(self, "Role", log_group=self.log_group),
            log_group=self.log_group,
            # Earlier versions are what a release goes back to. The version of a deploy that failed is removed:
            # kept, it would bar its own code from being published again.
            current_version_options=lambda_.VersionOptions(
                # By it the catalogue tells which of the model's versions a published version is.
                description=manifest.version,
                removal_policy=cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
            ),
        )
        cdk.Annotations.of(self.function).acknowledge_warning(
            "@aws-cdk/aws-lambda:snapStartRequirePublish", "Only published versions serve: the alias sees to it."
        )
        self.version = self.function.current_version
        self.alias = self._alias()

    def _alias(self) -> lambda_.Alias:
        """Created once, on version 1, and the template never moves it: see docs/decisions.

        CloudFormation would set it back to version 1 if any of its properties ever changed.
        """
        first = lambda_.Version.from_version_attributes(self, "FirstVersion", lambda_=self.function, version="1")
        alias = lambda_.Alias(self, "Alias", alias_name=ALIAS, version=first)
        alias.node.add_dependency(self.version)
        return alias
