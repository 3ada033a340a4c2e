"""How a new version takes over: a release per deploy, carried out by a state machine that alone moves the alias.

The alias stands in the template without the version that it serves, so the template and the release cannot fight.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, cast

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.acknowledge import acknowledge
from infra.config import Stage
from infra.function_role import FunctionRole
from infra.inference_function import InferenceFunction
from infra.logs import EncryptedLogs
from infra.platform_stack import PlatformStack
from infra.release_machine import ReleaseMachine, machine_arn
from serin.golden import tolerance_of
from serin.manifest import Manifest, Tensors
from serin.model_folder import BASELINE_FILE
from serin.release.record import Settings

_TIMEOUT: Final = cdk.Duration.minutes(10)
"""An admission takes 9 minutes at most: 5 for its golden cases, the others for a version that answers only when it is
asked again."""

_ON_FUNCTION: Final = ("lambda:GetAlias", "lambda:GetFunctionConfiguration", "lambda:UpdateAlias")
_ON_QUALIFIED: Final = (
    "lambda:DeleteProvisionedConcurrencyConfig",
    "lambda:GetFunctionConfiguration",
    "lambda:GetProvisionedConcurrencyConfig",
    "lambda:InvokeFunction",
    "lambda:PutProvisionedConcurrencyConfig",
)
_RECORDS: Final = ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query")
_KEY: Final = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey")
_LAYER: Final = ("*", "!python", "!python/**", "**/__pycache__", "**/*.pyc")


class Release(Construct):
    """Starts a release when the version changes, without waiting for its end. ``function`` takes people's commands."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        manifest: Manifest,
        serving: InferenceFunction,
        alarms: Sequence[cloudwatch.IAlarm],
        platform: PlatformStack,
        root: Path,
    ) -> None:
        super().__init__(scope, construct_id)
        logs = EncryptedLogs(self, "Logs", stage=stage, key=platform.key)
        role = FunctionRole(self, "Role", log_group=logs)
        permission = _allow(self, role, serving, manifest, platform)
        environment = {
            "MODEL": manifest.name,
            "FUNCTION": serving.function.function_name,
            "ALIAS": serving.alias.alias_name,
            "TABLE": platform.releases.table_name,
            "LOG_GROUP": serving.log_group.log_group_name,
            "ALARMS": cdk.Fn.join(",", [alarm.alarm_name for alarm in alarms]),
            "TOPIC": platform.topic.topic_arn,
            "STATE_MACHINE": machine_arn(self),
            "TOLERANCES": json.dumps(_tolerances(manifest)),
            "LAG_SECONDS": f"{stage.log_lag_seconds:g}",
            "METRIC_LAG_SECONDS": f"{stage.metric_lag_seconds:g}",
        }
        self.function = _function(self, role, logs, root, manifest, environment)
        machine = ReleaseMachine(self, "Machine", stage=stage, function=self.function, key=platform.key)
        warm = manifest.serving.provisioned_concurrency
        start = cdk.CustomResource(
            self,
            "Start",
            resource_type="Custom::Release",
            service_token=self.function.function_arn,
            service_timeout=_TIMEOUT,
            properties={
                "Version": serving.version.version,
                "Model": manifest.name,
                "ModelVersion": manifest.version,
                "Settings": json.dumps(asdict(release_settings(manifest, root / "models" / manifest.name))),
                **({"WarmInstances": str(warm.min)} if warm else {}),
            },
        )
        start.node.add_dependency(serving.alias, permission, machine)


def release_settings(manifest: Manifest, folder: Path) -> Settings:
    """The manifest's section as a release takes it."""
    baseline = folder / BASELINE_FILE
    is_binned = manifest.monitoring.drift and baseline.exists() and _has_predictions(baseline)
    release = manifest.release
    return Settings(
        steps=release.steps,
        bake_seconds=release.bake_minutes * 60,
        max_seconds=release.max_duration_minutes * 60,
        hold=release.on_insufficient_data == "hold",
        max_error_increase=release.max_error_increase,
        max_latency_increase=release.max_latency_increase,
        max_prediction_shift=release.max_prediction_shift if is_binned else None,
        max_latency_ms=manifest.serving.latency_target_ms,
        memory_mb=manifest.serving.memory_mb,
        timeout_seconds=manifest.serving.timeout_seconds,
    )


def _has_predictions(baseline: Path) -> bool:
    return bool(json.loads(baseline.read_bytes()).get("prediction"))


def _tolerances(manifest: Manifest) -> Mapping[str, tuple[float, float]]:
    """By output where a prediction is its tensors, else the one tolerance under the empty name."""
    is_tensors = isinstance(manifest.prediction, Tensors)
    found = (
        {output.name: output.tolerance for output in manifest.outputs} if is_tensors else {"": tolerance_of(manifest)}
    )
    return {name: (tolerance.absolute, tolerance.relative) for name, tolerance in found.items()}


def _function(
    scope: Construct, role: iam.IRole, logs: EncryptedLogs, root: Path, manifest: Manifest, environment: dict[str, str]
) -> lambda_.Function:
    folder = f"models/{manifest.name}"
    code = ("*", "!functions", "!functions/release", "!functions/release/*.py")
    golden = ("!models", f"!{folder}", f"!{folder}/golden.jsonl")
    return lambda_.Function(
        scope,
        "Function",
        description=f"Serin: releases of model {manifest.name}",
        runtime=lambda_.Runtime.PYTHON_3_14,
        handler="functions.release.handler.on_event",
        code=lambda_.Code.from_asset(str(root), exclude=[*code, *golden], ignore_mode=cdk.IgnoreMode.GIT),
        layers=[
            lambda_.LayerVersion(
                scope,
                "Runtime",
                description="Serin: the shared runtime",
                code=lambda_.Code.from_asset(
                    str(root / "layers" / "runtime"), exclude=list(_LAYER), ignore_mode=cdk.IgnoreMode.GIT
                ),
            )
        ],
        environment=environment,
        memory_size=512,
        timeout=_TIMEOUT,
        tracing=lambda_.Tracing.ACTIVE,
        role=role,
        log_group=logs,
    )


def _allow(
    scope: Construct, role: iam.IRole, serving: InferenceFunction, manifest: Manifest, platform: PlatformStack
) -> iam.Policy:
    """This one function, in all its versions: the policy stays as it is, so no version waits for it to spread."""
    function = serving.function
    arn = function.function_arn
    bus = cdk.Stack.of(scope).format_arn(service="events", resource="event-bus", resource_name="default")
    own_items: Mapping[str, Any] = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [manifest.name]}}

    def allow(
        actions: Sequence[str], resource: str, conditions: Mapping[str, Any] | None = None
    ) -> iam.PolicyStatement:
        return iam.PolicyStatement(actions=list(actions), resources=[resource], conditions=conditions)

    policy = iam.Policy(
        scope,
        "Permission",
        statements=[
            allow(_ON_FUNCTION, arn),
            allow(_ON_QUALIFIED, f"{arn}:*"),
            allow(_RECORDS, platform.releases.table_arn, own_items),
            allow(_KEY, platform.key.key_arn),
            allow(["logs:FilterLogEvents"], serving.log_group.log_group_arn),
            allow(["cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData"], "*"),
            allow(["events:PutEvents"], bus),
            allow(["sns:Publish"], platform.topic.topic_arn),
            allow(["states:StartExecution"], machine_arn(scope)),
        ],
    )
    policy.attach_to_role(role)
    function_id = cdk.Stack.of(scope).get_logical_id(cast("cdk.CfnElement", function.node.default_child))
    acknowledge(
        policy,
        f"IAM5[Resource::<{function_id}.Arn>:*]",
        "The versions and the alias of this one function; a version's number is not known before the deploy.",
    )
    acknowledge(
        policy, "IAM5[Resource::*]", "CloudWatch tells states of alarms and metrics for no narrower resource than all."
    )
    return policy
