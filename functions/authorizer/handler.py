"""API Gateway Lambda authorizer (token type): a bearer token in, a policy for the whole API out.

The policy covers every route of the stage, as API Gateway keeps it for the token's next requests, too.
Source: Amazon API Gateway developer guide, "Use API Gateway Lambda authorizers".
"""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any, Final

import jwt

from functions.authorizer.settings import Settings
from functions.authorizer.tokens import InvalidToken, TokenVerifier

_SCHEME: Final = "bearer "
_TIMEOUT_SECONDS: Final = 5
_KEYS_SECONDS: Final = 3600

Event = Mapping[str, Any]


class Refused(Exception):
    """API Gateway answers 401 when the function fails with exactly this text."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


def build_handler(verify: Callable[[str], str]) -> Callable[[Event, object], dict[str, Any]]:
    """The callable that Lambda invokes."""

    def handle(event: Event, _context: object) -> dict[str, Any]:
        header = str(event.get("authorizationToken", ""))
        if header[: len(_SCHEME)].lower() != _SCHEME:
            raise Refused
        try:
            subject = verify(header[len(_SCHEME) :].strip())
        except InvalidToken:
            raise Refused from None
        return _policy(subject, str(event["methodArn"]))

    return handle


def _policy(subject: str, method_arn: str) -> dict[str, Any]:
    """``method_arn``: ``arn:aws:execute-api:region:account:api/stage/METHOD/path``."""
    api, stage = method_arn.split("/")[:2]
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": f"{api}/{stage}/*"}
    return {"principalId": subject, "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}


def _compose(settings: Settings) -> Callable[[Event, object], dict[str, Any]]:
    keys = jwt.PyJWKClient(_keys_address(settings.issuer), timeout=_TIMEOUT_SECONDS, lifespan=_KEYS_SECONDS)
    return build_handler(
        TokenVerifier(
            issuer=settings.issuer,
            audience=settings.audience,
            find_key=lambda token: keys.get_signing_key_from_jwt(token).key,
        )
    )


def _keys_address(issuer: str) -> str:
    """Where the issuer publishes its keys, by its own word. The stage's settings let no address but https in."""
    document = issuer.rstrip("/") + "/.well-known/openid-configuration"
    with urllib.request.urlopen(document, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
        return str(json.load(answer)["jwks_uri"])


lambda_handler = _compose(Settings.from_environment(os.environ))
