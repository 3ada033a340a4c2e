"""The REST API itself: its stage, limits, logs and traces. Its routes come from ``routes``."""

from __future__ import annotations

import json
from typing import Final

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.acknowledge import acknowledge
from infra.config import Stage
from infra.logs import EncryptedLogs

ANY_TYPE: Final = "*/*"
"""Every body reaches a function as it was sent, binary tensors and gzip among them, and every answer in base64 reaches
the client decoded. With a narrower type API Gateway decodes only for clients whose Accept header names it."""

# No address, no user, no header, no query: who called is not the log's business, and a key's id is not the key.
_ACCESS_LOG: Final = {
    "request_id": "$context.requestId",
    "time": "$context.requestTime",
    "method": "$context.httpMethod",
    "resource": "$context.resourcePath",
    "status": "$context.status",
    "response_bytes": "$context.responseLength",
    "latency_ms": "$context.responseLatency",
    "integration_latency_ms": "$context.integrationLatency",
    "integration_status": "$context.integrationStatus",
    "error_type": "$context.error.responseType",
    "api_key_id": "$context.identity.apiKeyId",
    "trace_id": "$context.xrayTraceId",
}


class Gateway(apigateway.RestApi):
    """One stage, named as the deployment is. Logs carry no value that a client sent."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage, key: kms.IKey) -> None:
        access_logs = EncryptedLogs(scope, "AccessLogs", stage=stage, key=key)
        super().__init__(
            scope,
            construct_id,
            rest_api_name=f"serin-{stage.name}",
            description="Serin: predictions over HTTPS",
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            binary_media_types=[ANY_TYPE],
            # With a name of its own, the API answers under that name only.
            disable_execute_api_endpoint=stage.domain is not None,
            cloud_watch_role=True,
            cloud_watch_role_removal_policy=cdk.RemovalPolicy.RETAIN if stage.keep_key else cdk.RemovalPolicy.DESTROY,
            deploy_options=_stage_options(stage, access_logs),
        )
        self._execution_logs(stage, key)
        acknowledge(
            self.node.find_child("CloudWatchRole"),
            "IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]",
            "API Gateway has one logging role an account and checks it for what this policy of AWS's allows.",
        )
        acknowledge(
            self,
            "APIG2",
            "The runtime checks every body against the model's manifest, more strictly than JSON Schema can. Schemas "
            "here would change the API with every model's version.",
        )

    def _execution_logs(self, stage: Stage, key: kms.IKey) -> None:
        """API Gateway would make this group by itself, in clear and for ever. Only failures are written to it."""
        name = f"API-Gateway-Execution-Logs_{self.rest_api_id}/{stage.name}"
        logs = EncryptedLogs(self, "ExecutionLogs", stage=stage, key=key, name=name)
        self.deployment_stage.node.add_dependency(logs)


def _stage_options(stage: Stage, access_logs: EncryptedLogs) -> apigateway.StageOptions:
    return apigateway.StageOptions(
        stage_name=stage.name,
        access_log_destination=apigateway.LogGroupLogDestination(access_logs),
        access_log_format=apigateway.AccessLogFormat.custom(json.dumps(_ACCESS_LOG)),
        logging_level=apigateway.MethodLoggingLevel.ERROR,
        data_trace_enabled=False,
        tracing_enabled=True,
        throttling_rate_limit=stage.throttle.rate,
        throttling_burst_limit=stage.throttle.burst,
    )
