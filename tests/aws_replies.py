"""Answers of AWS's services, in their own formats, for a peer that plays them."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from tests.peer import Peer, Reply


def query_error(code: str, message: str, status: int = 400) -> Reply:
    """An error of a service that speaks XML: CloudFormation, STS."""
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return Reply(status, f"<ErrorResponse>{error}<RequestId>r</RequestId></ErrorResponse>".encode())


def json_error(code: str, message: str, status: int = 400) -> Reply:
    """An error of a service that speaks JSON: Systems Manager, API Gateway."""
    body = json.dumps({"__type": code, "message": message}).encode()
    return Reply(status, body, {"content-type": "application/x-amz-json-1.1", "x-amzn-errortype": code})


def stacks(outputs: Mapping[str, str], *names: str, status: str = "CREATE_COMPLETE") -> Reply:
    """CloudFormation's stacks called ``names``, each with ``outputs``."""
    pairs = "".join(
        f"<member><OutputKey>{key}</OutputKey><OutputValue>{value}</OutputValue></member>"
        for key, value in outputs.items()
    )
    members = "".join(
        f"<member><StackName>{name}</StackName><StackStatus>{status}</StackStatus><Outputs>{pairs}</Outputs></member>"
        for name in names
    )
    result = f"<DescribeStacksResult><Stacks>{members}</Stacks></DescribeStacksResult>"
    return Reply(200, f"<DescribeStacksResponse>{result}</DescribeStacksResponse>".encode())


def identity(account: str, arn: str = "arn:aws:iam::000000000000:user/ada") -> Reply:
    """STS's account of the caller, and who that is."""
    result = f"<GetCallerIdentityResult><Account>{account}</Account><Arn>{arn}</Arn></GetCallerIdentityResult>"
    return Reply(200, f"<GetCallerIdentityResponse>{result}</GetCallerIdentityResponse>".encode())


def parameter(value: str) -> Reply:
    """Systems Manager's parameter."""
    return Reply(200, json.dumps({"Parameter": {"Name": "p", "Value": value}}).encode())


def without_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of this machine's AWS settings, and no credentials from elsewhere."""
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def with_aws_at(peer: Peer, monkeypatch: pytest.MonkeyPatch, region: str = "eu-west-1") -> None:
    """Credentials, and ``peer`` in AWS's place."""
    without_aws(monkeypatch)
    settings = {"ACCESS_KEY_ID": "AKIDEXAMPLE", "SECRET_ACCESS_KEY": "secret", "REGION": region}
    for name, value in {**settings, "ENDPOINT_URL": peer.url}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
