"""One model, one stack: it deploys, fails and is deleted alone."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import aws_ssm as ssm
from constructs import Construct

from infra.alarms import ModelAlarms
from infra.config import Stage
from infra.dashboard import ModelDashboard
from infra.inference_function import InferenceFunction
from infra.platform_stack import PlatformStack
from infra.release import Release
from infra.stage_stack import StageStack
from infra.warm import WarmInstances
from serin.manifest import Manifest
from serin.signer import Signer


class ModelStack(StageStack):
    """``alias`` is what calls the model, ``function`` what its alias is looked up on; both outlast every version."""

    def __init__(
        self,
        scope: Construct,
        *,
        stage: Stage,
        manifest: Manifest,
        platform: PlatformStack,
        root: Path,
        signer: Signer | None = None,
    ) -> None:
        super().__init__(
            scope,
            f"Model-{manifest.name}",
            stage=stage,
            description=f"Serin: model {manifest.name}",
            tags={"serin:model": manifest.name},
        )
        serving = InferenceFunction(
            self, "Inference", stage=stage, manifest=manifest, key=platform.key, root=root, signer=signer
        )
        self.alias = serving.alias
        self.function = serving.function
        if manifest.serving.provisioned_concurrency is not None:
            WarmInstances(self, "Warm", alias=serving.alias, wanted=manifest.serving.provisioned_concurrency)
        alarms = ModelAlarms(
            self,
            "Alarms",
            manifest=manifest,
            serving=serving,
            alarming=stage.alarms,
            topic=platform.alarm_topic,
        )
        release = Release(
            self,
            "Release",
            stage=stage,
            manifest=manifest,
            serving=serving,
            alarms=alarms.of_release,
            platform=platform,
            root=root,
        )
        dashboard = ModelDashboard(self, "Dashboard", manifest=manifest, serving=serving, alarms=alarms.all)
        # Where the catalogue finds the model, and with it whoever may read parameters.
        ssm.StringParameter(
            self,
            "Entry",
            parameter_name=f"{parameter_path(stage)}/{manifest.name}",
            string_value=self.alias.function_arn,
            description=f"Alias that serves model {manifest.name}",
        )
        self.output("AliasArn", self.alias.function_arn, "Invoke this to reach the version that serves")
        self.output("ReleaseFunction", release.function.function_name, "Takes the commands of `serin release`")
        self.output("DashboardUrl", dashboard.url, "Traffic, latency, errors and cost of this model")


def parameter_path(stage: Stage) -> str:
    """Path of the parameters that map a model's name to its alias."""
    return f"/serin/{stage.name}/models"
