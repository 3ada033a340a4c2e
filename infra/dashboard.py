"""Dashboards: one a model, one over all. Lines by version are searches, so they find versions yet to come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra.alarms import NAMESPACE
from infra.inference_function import InferenceFunction
from infra.prices import API_REQUEST, lambda_cost_expression
from serin.manifest import Manifest

_WIDTH: Final = 12
_HOUR: Final = cdk.Duration.hours(1)
_BY_VERSION: Final = "${PROP('Dim.version')}"
_BY_MODEL: Final = "${PROP('Dim.model')} ${PROP('Dim.version')}"


class ModelDashboard(Construct):
    """Traffic, errors, latency, starts, memory and cost of one model."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        manifest: Manifest,
        serving: InferenceFunction,
        alarms: Sequence[cloudwatch.IAlarm],
    ) -> None:
        super().__init__(scope, construct_id)
        dashboard = cloudwatch.Dashboard(self, "Resource", default_interval=cdk.Duration.hours(3))
        dashboard.add_widgets(
            cloudwatch.AlarmStatusWidget(title=manifest.name, alarms=list(alarms), width=24, height=3)
        )
        dashboard.add_widgets(_by_version(manifest, "Requests", "Sum"), _by_version(manifest, "Errors", "Average"))
        dashboard.add_widgets(_latency(manifest), _by_version(manifest, "InferenceMs", "p50"))
        dashboard.add_widgets(_executed_versions(serving), _by_version(manifest, "ColdStart", "Sum"))
        dashboard.add_widgets(_memory(serving), _concurrency(serving))
        dashboard.add_widgets(_by_version(manifest, "ClientErrors", "Sum"), _cost(manifest, serving))
        if manifest.serving.answer_cache is not None:
            dashboard.add_widgets(_by_version(manifest, "CacheHits", "Average"))
        self.url = dashboard_url(dashboard)


class OverviewDashboard(Construct):
    """All models side by side, and the API before them."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        gateway_stage: apigateway.Stage,
        alarms: Sequence[cloudwatch.IAlarm],
    ) -> None:
        super().__init__(scope, construct_id)
        dashboard = cloudwatch.Dashboard(self, "Resource", default_interval=cdk.Duration.hours(3))
        dashboard.add_widgets(cloudwatch.AlarmStatusWidget(title="API", alarms=list(alarms), width=24, height=3))
        dashboard.add_widgets(_of_all("Requests", "Sum"), _of_all("Errors", "Average"))
        dashboard.add_widgets(_of_all("LatencyMs", "p99"), _of_all("ColdStart", "Sum"))
        dashboard.add_widgets(_answers(gateway_stage), _api_cost(gateway_stage))
        self.url = dashboard_url(dashboard)


def dashboard_url(dashboard: cloudwatch.Dashboard) -> str:
    """Address of the dashboard in the console."""
    region = cdk.Aws.REGION
    return (
        f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
        f"#dashboards/dashboard/{dashboard.dashboard_name}"
    )


def _search(terms: str, statistic: str, label: str) -> cloudwatch.MathExpression:
    return cloudwatch.MathExpression(
        expression=f"SEARCH('{terms}', '{statistic}')", using_metrics={}, label=label, period=cdk.Duration.minutes(1)
    )


def _by_version(manifest: Manifest, metric: str, statistic: str) -> cloudwatch.GraphWidget:
    terms = f'{{{NAMESPACE},model,version}} MetricName="{metric}" model="{manifest.name}"'
    return _graph(f"{metric} by version ({statistic})", _search(terms, statistic, _BY_VERSION))


def _of_all(metric: str, statistic: str) -> cloudwatch.GraphWidget:
    terms = f'{{{NAMESPACE},model,version}} MetricName="{metric}"'
    return _graph(f"{metric} by model ({statistic})", _search(terms, statistic, _BY_MODEL))


def _latency(manifest: Manifest) -> cloudwatch.GraphWidget:
    terms = f'{{{NAMESPACE},model,version}} MetricName="LatencyMs" model="{manifest.name}"'
    target = cloudwatch.HorizontalAnnotation(value=manifest.serving.latency_target_ms, label="p99 target")
    searches = [_search(terms, percentile, f"{_BY_VERSION} {percentile}") for percentile in ("p50", "p95", "p99")]
    return _graph("Latency by version (ms)", *searches, annotations=[target])


def _executed_versions(serving: InferenceFunction) -> cloudwatch.GraphWidget:
    """Lambda's own count by version number; there is one only while the alias has weights, or by number."""
    name = serving.function.function_name
    terms = f'{{AWS/Lambda,ExecutedVersion,FunctionName,Resource}} MetricName="Invocations" FunctionName="{name}"'
    return _graph("Invocations by published version", _search(terms, "Sum", "${PROP('Dim.ExecutedVersion')}"))


def _memory(serving: InferenceFunction) -> cloudwatch.LogQueryWidget:
    return cloudwatch.LogQueryWidget(
        title="Memory (MB)",
        log_group_names=[serving.log_group.log_group_name],
        view=cloudwatch.LogQueryVisualizationType.LINE,
        query_lines=[
            'filter @type = "REPORT"',
            "stats max(@maxMemoryUsed) / 1e6 as used, max(@memorySize) / 1e6 as configured by bin(5m)",
        ],
        width=_WIDTH,
    )


def _concurrency(serving: InferenceFunction) -> cloudwatch.GraphWidget:
    busy = serving.function.metric("ConcurrentExecutions", statistic=cloudwatch.Stats.MAXIMUM)
    return _graph("Busy instances, throttled requests", busy, serving.alias.metric_throttles(statistic="Sum"))


def _cost(manifest: Manifest, serving: InferenceFunction) -> cloudwatch.GraphWidget:
    settings = manifest.serving
    estimate = cloudwatch.MathExpression(
        expression=lambda_cost_expression(
            settings.memory_mb, settings.architecture, invocations="invocations", duration_ms="duration"
        ),
        using_metrics={
            "invocations": serving.alias.metric_invocations(statistic="Sum", period=_HOUR),
            "duration": serving.alias.metric_duration(statistic="Sum", period=_HOUR),
        },
        label="USD an hour",
        period=_HOUR,
    )
    return _graph("Lambda cost, estimated from list prices", estimate)


def _answers(gateway_stage: apigateway.Stage) -> cloudwatch.GraphWidget:
    return _graph(
        "API: requests, refusals, failures",
        gateway_stage.metric_count(statistic="Sum"),
        gateway_stage.metric_client_error(statistic="Sum"),
        gateway_stage.metric_server_error(statistic="Sum"),
    )


def _api_cost(gateway_stage: apigateway.Stage) -> cloudwatch.GraphWidget:
    estimate = cloudwatch.MathExpression(
        expression=f"requests * {API_REQUEST:.15f}",
        using_metrics={"requests": gateway_stage.metric_count(statistic="Sum", period=_HOUR)},
        label="USD an hour",
        period=_HOUR,
    )
    return _graph("API Gateway cost, estimated from list prices", estimate)


def _graph(
    title: str, *lines: cloudwatch.IMetric, annotations: Sequence[cloudwatch.HorizontalAnnotation] = ()
) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=list(lines), left_annotations=list(annotations), width=_WIDTH)
