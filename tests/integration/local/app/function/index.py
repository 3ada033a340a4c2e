"""Answers what it is, passes bytes through, calls the emulator back, and writes one embedded metric a call."""

from __future__ import annotations

import json
import os
import urllib.request
from typing import Any


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
    directive = {"Namespace": "Trial", "Dimensions": [["version"]], "Metrics": [{"Name": "calls", "Unit": "Count"}]}
    print(json.dumps({"_aws": {"CloudWatchMetrics": [directive]}, "version": version, "calls": 1}))  # noqa: T201 - its log
    if event["path"] == "/bytes":
        headers = {"Content-Type": "application/octet-stream"}
        return {"statusCode": 200, "headers": headers, "isBase64Encoded": True, "body": event["body"]}
    answer = {"version": version, "user": os.getuid(), "emulator": _health() if event["path"] == "/health" else None}
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(answer)}


def _health() -> int:
    with urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"] + "/_ministack/health", timeout=5) as answer:  # noqa: S310
        return int(answer.status)
