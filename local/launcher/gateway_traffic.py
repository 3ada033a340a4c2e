"""What API Gateway says of its own traffic: access logs as the stage asks for them, and AWS/ApiGateway metrics."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final

from local.launcher.patching import existing, service, wrap
from local.launcher.resources import handler

_STAGE: Final = "AWS::ApiGateway::Stage"
_VARIABLE: Final = re.compile(r"\$context\.([A-Za-z.]+)")
_request: ContextVar[dict[str, Any] | None] = ContextVar("request", default=None)


def teach() -> None:
    """Keep the stage's access log settings; write one line and one count of metrics a request, under one id."""
    gateway = service("apigateway_v1")
    for name in ("_rest_apis", "_stages_v1"):
        existing(gateway, name)
    for name in ("_create_log_stream", "_put_log_events"):
        existing(service("cloudwatch_logs"), name)
    resource = handler(_STAGE)
    for verb in ("create", "update"):
        resource[verb] = _with_access_log(gateway, resource[verb])
    wrap(gateway, "_execute_in_scope", _remembered)
    wrap(gateway, "_build_lambda_event_v1", _under_the_same_id)
    wrap(gateway, "_handle_execute_in_scope", lambda original: _observed(gateway, original))


def _with_access_log(gateway: Any, original: Any) -> Any:
    def put(*arguments: Any) -> Any:
        result = original(*arguments)
        properties = arguments[-2]  # (id, properties, stack) and (id, old, new, stack)
        setting = properties.get("AccessLogSetting") or {}
        stage = gateway._stages_v1.get(properties.get("RestApiId"), {}).get(properties.get("StageName"))
        if stage is not None:
            names = {"DestinationArn": "destinationArn", "Format": "format"}
            stage["accessLogSettings"] = {name: setting[key] for key, name in names.items() if key in setting}
        return result

    return put


def _remembered(original: Any) -> Any:
    """The emulator fills ``request`` while it routes, and forgets it."""

    async def execute(request: dict[str, Any], *arguments: Any) -> Any:
        _request.set(request)
        return await original(request, *arguments)

    return execute


def _under_the_same_id(original: Any) -> Any:
    """The function is told the id that the access log has, not one of its own."""

    def build(*arguments: Any, **words: Any) -> Any:
        event = original(*arguments, **words)
        request = _request.get()
        if request is not None:
            event["requestContext"].update(requestId=request["request_id"], extendedRequestId=request["request_id"])
        return event

    return build


def _observed(gateway: Any, original: Any) -> Any:
    async def execute(api_id: str, stage_name: str, method: str, path: str, headers: Any, *rest: Any) -> Any:
        started = time.time()
        response = await original(api_id, stage_name, method, path, headers, *rest)
        latency_ms = (time.time() - started) * 1000.0
        api, stage = gateway._rest_apis.get(api_id), gateway._stages_v1.get(api_id, {}).get(stage_name)
        if api and stage:
            _count(api["name"], stage_name, int(response[0]), latency_ms)
            values = _values(_request.get() or {}, stage_name, method, path, headers, started)
            values |= {"status": str(response[0]), "responseLength": str(len(response[2] or b""))}
            _write(
                stage.get("accessLogSettings") or {},
                {**values, "responseLatency": f"{latency_ms:.0f}", "apiId": api_id},
            )
        return response

    return execute


def _count(api: str, stage: str, status: int, latency_ms: float) -> None:
    record = service("cloudwatch").record_metric
    for dimensions in ({"ApiName": api}, {"ApiName": api, "Stage": stage}):
        record("AWS/ApiGateway", "Count", 1.0, "Count", dimensions)
        record("AWS/ApiGateway", "4XXError", float(400 <= status < 500), "Count", dimensions)
        record("AWS/ApiGateway", "5XXError", float(status >= 500), "Count", dimensions)
        record("AWS/ApiGateway", "Latency", latency_ms, "Milliseconds", dimensions)


def _values(
    request: Mapping[str, Any], stage: str, method: str, path: str, headers: Mapping[str, str], started: float
) -> dict[str, str]:
    """What ``$context`` holds here; a variable that is not among them is written as ``-``, as AWS does."""
    return {
        "requestId": str(request.get("request_id", "")),
        "extendedRequestId": str(request.get("request_id", "")),
        "resourcePath": str(request.get("resource_path", "")),
        "httpMethod": method,
        "path": f"/{stage}{path}",
        "stage": stage,
        "protocol": "HTTP/1.1",
        "requestTime": datetime.fromtimestamp(started, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "requestTimeEpoch": str(int(started * 1000)),
        "identity.sourceIp": "127.0.0.1",
        "identity.userAgent": headers.get("user-agent", "-"),
    }


def access_line(template: str, values: Mapping[str, str]) -> str:
    """The format with its variables replaced."""
    return _VARIABLE.sub(lambda match: values.get(match.group(1)) or "-", template)


def _write(setting: Mapping[str, str], values: Mapping[str, str]) -> None:
    destination = str(setting.get("destinationArn", ""))
    if ":log-group:" not in destination or not setting.get("format"):
        return
    logs = service("cloudwatch_logs")
    group = destination.split(":log-group:")[1].removesuffix(":*")
    place = {"logGroupName": group, "logStreamName": f"{values['apiId']}-{values['stage']}"}
    logs._create_log_stream(place)  # refuses the second time, which is fine
    event = {"timestamp": int(values["requestTimeEpoch"]), "message": access_line(setting["format"], values)}
    logs._put_log_events({**place, "logEvents": [event]})
