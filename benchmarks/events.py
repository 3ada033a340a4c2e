"""Requests as API Gateway's REST API hands them to a function.

Source: Amazon API Gateway developer guide, "Input format of a Lambda function for proxy integration".
"""

from __future__ import annotations

import base64
import json
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

MODEL: Final = "breast-cancer"
INPUT: Final = "features"
_JSON: Final = "application/json"


def golden_instances(models: Path, model: str = MODEL) -> list[dict[str, float]]:
    """The rows of the model's golden cases."""
    lines = (models / model / "golden.jsonl").read_text().splitlines()
    return [json.loads(line)["instance"] for line in lines]


def predict_body(instances: Sequence[Mapping[str, float]]) -> bytes:
    """A predict request."""
    return json.dumps({"instances": list(instances)}).encode()


def predict_event(instances: Sequence[Mapping[str, float]], model: str = MODEL) -> dict[str, Any]:
    """The same as an event: its body is text."""
    return _event(f"/models/{model}/predict", predict_body(instances).decode(), {}, is_base64=False)


def binary_event(model: str, tensor: str, shape: Sequence[int], values: array[float]) -> dict[str, Any]:
    """An infer request whose FP32 tensor is binary, in both directions; its body is base64."""
    data = values.tobytes()
    given = {"name": tensor, "datatype": "FP32", "shape": list(shape), "parameters": {"binary_data_size": len(data)}}
    header = json.dumps({"inputs": [given], "parameters": {"binary_data_output": True}}).encode()
    lengths = {"Inference-Header-Content-Length": str(len(header)), "Content-Type": "application/octet-stream"}
    return _event(f"/v2/models/{model}/infer", base64.b64encode(header + data).decode(), lengths, is_base64=True)


def infer_body(tensor: str, shape: Sequence[int], values: Sequence[float]) -> bytes:
    """An infer request whose FP32 tensor is JSON numbers."""
    given = {"name": tensor, "datatype": "FP32", "shape": list(shape), "data": list(values)}
    return json.dumps({"inputs": [given]}).encode()


def json_event(model: str, tensor: str, shape: Sequence[int], values: Sequence[float]) -> dict[str, Any]:
    """The same as an event: its body is text."""
    return _event(f"/v2/models/{model}/infer", infer_body(tensor, shape, values).decode(), {}, is_base64=False)


def _event(path: str, body: str, headers: Mapping[str, str], *, is_base64: bool) -> dict[str, Any]:
    given = {
        "Accept": _JSON,
        "Content-Type": _JSON,
        "Host": "abcdefghij.execute-api.us-east-1.amazonaws.com",
        "User-Agent": "benchmark/1.0",
        "X-Amzn-Trace-Id": "Root=1-67891233-abcdef012345678912345678",
        "X-Forwarded-For": "192.0.2.1",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
        **headers,
    }
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": "POST",
        "headers": given,
        "multiValueHeaders": {name: [value] for name, value in given.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": {"proxy": path.lstrip("/")},
        "stageVariables": None,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "abcdefghij",
            "httpMethod": "POST",
            "identity": {"sourceIp": "192.0.2.1", "userAgent": "benchmark/1.0", "apiKeyId": "abcdefghij"},
            "path": f"/prod{path}",
            "protocol": "HTTP/1.1",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "requestTimeEpoch": 1428582896000,
            "resourceId": "123456",
            "resourcePath": "/{proxy+}",
            "stage": "prod",
        },
        "body": body,
        "isBase64Encoded": is_base64,
    }
