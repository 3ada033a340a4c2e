"""AWS by boto3: a session that knows where it goes, and AWS's errors as one line each.

Imported by a command that needs it only: boto3 costs more time than the rest of the command.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's name
    EndpointConnectionError,
    HTTPClientError,
    ProfileNotFound,
)

from cli.outcome import CommandError, ExitCode

BRIEF: Final = Config(connect_timeout=10, read_timeout=30, retries={"total_max_attempts": 3})
"""For clients of a command that a person waits for."""

_CREDENTIALS: Final = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
_NOT_ACCEPTED: Final = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})


def open_session(region: str | None = None) -> boto3.Session:
    """A session with credentials, in ``region`` or else the one that the environment or the profile names.

    Raises:
        CommandError: no credentials, no region, no such profile.
    """
    try:
        # The CDK and the other SDKs read AWS_REGION, boto3 by itself does not.
        session = boto3.Session(region_name=region or os.environ.get("AWS_REGION") or None)
        credentials = session.get_credentials()
    except ProfileNotFound as error:
        raise _refused(f"{error}; {_CREDENTIALS}") from None
    except BotoCoreError as error:
        raise _refused(f"the AWS credentials cannot be read: {error}") from None
    if credentials is None:
        raise _refused(f"no AWS credentials; {_CREDENTIALS}")
    if not session.region_name:
        raise _refused("no AWS region; set AWS_REGION, or `region` in the profile")
    return session


def is_denied(error: ClientError) -> bool:
    """Whether AWS says that the caller may not, rather than that something is wrong."""
    return str(error.response["Error"]["Code"]) in _DENIED


@contextmanager
def asking_aws(permission: str) -> Iterator[None]:
    """Turn what goes wrong in the body into a CommandError. ``permission`` is what the call in it needs."""
    try:
        yield
    except ClientError as error:
        code, text = str(error.response["Error"]["Code"]), str(error.response["Error"].get("Message", ""))
        if code in _NOT_ACCEPTED:
            raise _refused(f"AWS does not accept the credentials ({code}: {text}); {_CREDENTIALS}") from None
        if is_denied(error):
            raise _refused(f"the permission {permission} is missing: {text}") from None
        raise _refused(f"AWS answers {code}: {text}") from None
    except (ConnectionError, EndpointConnectionError, HTTPClientError) as error:
        raise CommandError(ExitCode.UNREACHABLE, f"AWS cannot be reached: {error}") from None
    except BotoCoreError as error:
        raise _refused(f"the AWS credentials cannot be used: {error}; {_CREDENTIALS}") from None


def _refused(message: str) -> CommandError:
    return CommandError(ExitCode.AWS_REFUSED, message)
