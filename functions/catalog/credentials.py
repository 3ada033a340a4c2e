"""What a client shows to be let in, as the OpenAPI document says it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final


class Credentials(Enum):
    """The choice that a stage has."""

    API_KEY = "api-key"
    IAM = "iam"
    JWT = "jwt"


SCHEMES: Final[Mapping[Credentials, tuple[str, Mapping[str, Any]]]] = {
    Credentials.API_KEY: ("ApiKey", {"type": "apiKey", "in": "header", "name": "x-api-key"}),
    Credentials.IAM: (
        "Signature",
        {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "AWS Signature Version 4, service `execute-api`.",
            "x-amazon-apigateway-authtype": "awsSigv4",
        },
    ),
    Credentials.JWT: ("Bearer", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}),
}
"""Name and OpenAPI security scheme of each."""


def secure(document: dict[str, Any], credentials: Credentials) -> None:
    """Say in ``document`` that every operation asks for ``credentials``, unless it says otherwise itself."""
    explain(document, credentials)
    document |= asked(credentials)


def explain(document: dict[str, Any], credentials: Credentials) -> None:
    """Add to ``document`` what ``credentials`` are."""
    name, scheme = SCHEMES[credentials]
    document["components"].setdefault("securitySchemes", {})[name] = scheme


def asked(credentials: Credentials) -> dict[str, Any]:
    """The entry of a document, or of one operation, that asks for ``credentials``."""
    return {"security": [{SCHEMES[credentials][0]: []}]}
