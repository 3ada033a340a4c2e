"""How a request says whose it is: the three ways that a stage may ask for, and none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from cli.outcome import CommandError, ExitCode

if TYPE_CHECKING:
    from botocore.credentials import Credentials as AwsCredentials


class Credentials(Protocol):
    """Adds what identifies the caller to a request."""

    def added(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Mapping[str, str]:
        """The headers to send beside ``headers``."""
        ...


@dataclass(frozen=True, slots=True)
class Fixed:
    """The same headers with every request."""

    headers: Mapping[str, str]

    def added(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Mapping[str, str]:  # noqa: ARG002
        return self.headers


@dataclass(frozen=True, slots=True)
class Signature:
    """AWS's Signature Version 4, for a stage whose callers are IAM's."""

    credentials: AwsCredentials
    region: str

    def added(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Mapping[str, str]:
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        request = AWSRequest(method, url, dict(headers), body)
        SigV4Auth(self.credentials, "execute-api", self.region).add_auth(request)
        return {name: value for name, value in request.headers.items() if name not in headers}


def given(api_key: str | None, token: str | None) -> Credentials:
    """What the user gave: an API key, a bearer token, both, or nothing.

    Raises:
        CommandError: one that no header can carry.
    """
    headers = {}
    if api_key is not None:
        headers["x-api-key"] = _sendable("--api-key", api_key)
    if token is not None:
        headers["authorization"] = f"Bearer {_sendable('--token', token)}"
    return Fixed(headers)


def _sendable(option: str, value: str) -> str:
    if not (value.isascii() and value.isprintable()):
        raise CommandError(ExitCode.USAGE, f"{option}: holds a character that no header can carry")
    return value
