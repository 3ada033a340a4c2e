"""Alarms: of a model, by version and by alias, and of the API.

Two sources for a model. The runtime's own metrics (namespace ``Serin``) carry the model's version, which is known
at synth, and count what the handler answered. ``AWS/Lambda``'s metrics of the alias count what no handler can:
crashes, time-outs, throttles.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.config import Alarming
from infra.inference_function import InferenceFunction
from serin.manifest import Manifest

NAMESPACE: Final = "Serin"
_MINUTE: Final = cdk.Duration.minutes(1)


class AlarmTopic:
    """Where alarms go, when they are raised and when they are over."""

    def __init__(self, topic: sns.ITopic) -> None:
        self._action = actions.SnsAction(topic)

    def subscribe(self, alarm: cloudwatch.Alarm) -> None:
        alarm.add_alarm_action(self._action)
        alarm.add_ok_action(self._action)


def alarm(
    scope: Construct,
    construct_id: str,
    *,
    metric: cloudwatch.IMetric,
    above: float,
    description: str,
    topic: AlarmTopic,
) -> cloudwatch.Alarm:
    """Raised when ``metric`` is above its threshold in three of five minutes; no traffic is no fault."""
    made = cloudwatch.Alarm(
        scope,
        construct_id,
        metric=metric,
        threshold=above,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
        evaluation_periods=5,
        datapoints_to_alarm=3,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        alarm_description=description,
    )
    topic.subscribe(made)
    return made


def model_metric(manifest: Manifest, name: str, statistic: str) -> cloudwatch.Metric:
    """A metric that the runtime writes, of this version of the model."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"model": manifest.name, "version": manifest.version},
        statistic=statistic,
        period=_MINUTE,
    )


class ModelAlarms(Construct):
    """``by_version`` are the alarms that speak of this version alone; ``of_release`` those that stop its release.

    Crashes are counted for the alias only, and leave no line in the log: what raises that alarm amid a release is taken
    for the new version's doing.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        manifest: Manifest,
        serving: InferenceFunction,
        alarming: Alarming,
        topic: AlarmTopic,
    ) -> None:
        super().__init__(scope, construct_id)
        self._manifest = manifest
        self._topic = topic
        self.all: list[cloudwatch.Alarm] = []
        self.by_version = (self._errors(), self._latency())
        self.of_release = (*self.by_version, self._crashes(serving.alias))
        self._throttles(serving.alias)
        if manifest.serving.reserved_concurrency is not None:
            self._concurrency(serving.function, manifest.serving.reserved_concurrency, alarming.concurrency_share)
        if manifest.serving.provisioned_concurrency is not None:
            self._spillover(serving.alias)

    def _errors(self) -> cloudwatch.Alarm:
        limit = self._manifest.monitoring.error_rate_alarm
        return self._alarm(
            "Errors",
            # The mean of a metric that is 1 for a failed request and 0 for any other is the error rate.
            model_metric(self._manifest, "Errors", cloudwatch.Stats.AVERAGE),
            limit,
            f"{self._named()} answers over {limit:.2%} of requests with 5xx",
        )

    def _latency(self) -> cloudwatch.Alarm:
        limit = self._manifest.serving.latency_target_ms
        return self._alarm(
            "Latency",
            model_metric(self._manifest, "LatencyMs", cloudwatch.Stats.percentile(99)),
            limit,
            f"{self._named()} is over its p99 target of {limit:g} ms",
        )

    def _crashes(self, alias: lambda_.Alias) -> cloudwatch.Alarm:
        limit = self._manifest.monitoring.error_rate_alarm
        return self._alarm(
            "Crashes",
            # Lambda, too, writes 0 or 1 an invocation.
            alias.metric_errors(statistic=cloudwatch.Stats.AVERAGE, period=_MINUTE),
            limit,
            f"{self._manifest.name}: over {limit:.2%} of invocations end in a crash or a time-out",
        )

    def _throttles(self, alias: lambda_.Alias) -> None:
        self._alarm(
            "Throttles",
            alias.metric_throttles(statistic=cloudwatch.Stats.SUM, period=_MINUTE),
            0,
            f"{self._manifest.name}: Lambda refuses requests for want of concurrency",
        )

    def _concurrency(self, function: lambda_.IFunction, reserved: int, share: float) -> None:
        metric = function.metric("ConcurrentExecutions", statistic=cloudwatch.Stats.MAXIMUM, period=_MINUTE)
        text = f"{self._manifest.name}: over {share:.0%} of its {reserved} reserved instances are busy"
        self._alarm("Concurrency", metric, share * reserved, text)

    def _spillover(self, alias: lambda_.Alias) -> None:
        metric = alias.metric("ProvisionedConcurrencySpilloverInvocations", statistic="Sum", period=_MINUTE)
        self._alarm("Spillover", metric, 0, f"{self._manifest.name}: more load than its warm instances take")

    def _alarm(self, name: str, metric: cloudwatch.Metric, above: float, text: str) -> cloudwatch.Alarm:
        made = alarm(self, name, metric=metric, above=above, description=f"{text}.", topic=self._topic)
        self.all.append(made)
        return made

    def _named(self) -> str:
        return f"{self._manifest.name} {self._manifest.version}"


class ApiAlarms(Construct):
    """What callers meet at the API, over all models."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        gateway_stage: apigateway.Stage,
        alarming: Alarming,
        topic: AlarmTopic,
    ) -> None:
        super().__init__(scope, construct_id)
        wanted: Mapping[str, tuple[cloudwatch.Metric, float, str]] = {
            "ServerErrors": (
                gateway_stage.metric_server_error(statistic=cloudwatch.Stats.AVERAGE, period=_MINUTE),
                alarming.api_error_rate,
                f"API Gateway answers over {alarming.api_error_rate:.2%} of requests with 5xx.",
            ),
            "Latency": (
                gateway_stage.metric_latency(statistic=cloudwatch.Stats.percentile(99), period=_MINUTE),
                alarming.api_latency_ms,
                f"Callers wait over {alarming.api_latency_ms:g} ms at p99.",
            ),
        }
        self.all = tuple(
            alarm(self, name, metric=metric, above=above, description=text, topic=topic)
            for name, (metric, above, text) in wanted.items()
        )
