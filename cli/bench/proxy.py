"""A predict request as API Gateway hands it to a function, and what the function answers.

Source: Amazon API Gateway developer guide, "Lambda proxy integrations in API Gateway".
"""

from __future__ import annotations

import base64
import binascii

import msgspec


class ProxyAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """The parts of a proxy response that are read."""

    status_code: int
    body: str = ""
    is_base64_encoded: bool = False

    def content(self) -> bytes:
        """The body's bytes."""
        return base64.b64decode(self.body) if self.is_base64_encoded else self.body.encode()


class Fault(msgspec.Struct, frozen=True, rename="camel"):
    """What Lambda answers for a function that failed."""

    error_message: str
    error_type: str = ""


def predict_event(model: str, body: bytes) -> bytes:
    """The event of ``POST /models/{model}/predict``. The body goes in base64, as behind the media type ``*/*``."""
    path = f"/models/{model}/predict"
    headers = {
        "Accept": "application/json",
        "Content-Type": "application/json",
        "Host": "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
        "User-Agent": "serin-bench",
        "X-Forwarded-For": "192.0.2.1",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
    }
    return msgspec.json.encode(
        {
            "resource": "/models/{model}/{proxy+}",
            "path": path,
            "httpMethod": "POST",
            "headers": headers,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "queryStringParameters": None,
            "multiValueQueryStringParameters": None,
            "pathParameters": {"proxy": "predict"},
            "stageVariables": None,
            "requestContext": {
                "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
                "stage": "prod",
                "httpMethod": "POST",
                "path": f"/prod{path}",
                "protocol": "HTTP/1.1",
                "identity": {"sourceIp": "192.0.2.1", "userAgent": "serin-bench"},
            },
            "body": base64.b64encode(body).decode(),
            "isBase64Encoded": True,
        }
    )


def read_answer(payload: bytes) -> ProxyAnswer | Fault:
    """What a function answered; a Fault also for what is no answer at all."""
    try:
        answer = msgspec.json.decode(payload, type=ProxyAnswer)
        answer.content()
    except (msgspec.DecodeError, binascii.Error):
        pass
    else:
        return answer
    try:
        return msgspec.json.decode(payload, type=Fault)
    except msgspec.DecodeError:
        return Fault(error_message="no answer that API Gateway takes")
