"""Bearer tokens of one OpenID Connect issuer, checked: signature, issuer, audience, times.

Sources: RFC 7519 (JSON Web Token), RFC 8725 (best current practices), OpenID Connect Discovery 1.0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import jwt

# Asymmetric only: with a symmetric algorithm a public key would pass for a secret.
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LEEWAY_SECONDS: Final = 30
"""How far the issuer's clock may be from this one."""


class InvalidToken(Exception):
    """The token is not to be trusted; why is nobody's business outside."""


class TokenVerifier:
    """``find_key`` gives the issuer's public key for a token, and raises ``jwt.PyJWTError`` for an unknown one."""

    def __init__(self, *, issuer: str, audience: str, find_key: Callable[[str], Any]) -> None:
        self._issuer = issuer
        self._audience = audience
        self._find_key = find_key

    def __call__(self, token: str) -> str:
        """The subject that ``token`` speaks for.

        Raises:
            InvalidToken: for whatever does not hold.
            jwt.PyJWKClientConnectionError: the issuer's keys cannot be read.
        """
        try:
            claims = jwt.decode(
                token,
                self._find_key(token),
                algorithms=list(ALGORITHMS),
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "sub"], "verify_aud": False},
            )
        except jwt.PyJWKClientConnectionError:
            # The issuer's fault, not the token's: a 500, not a 401.
            raise
        except (jwt.PyJWTError, ValueError) as error:
            raise InvalidToken(type(error).__name__) from None
        if self._audience not in _audiences(claims):
            raise InvalidToken("audience")
        return str(claims["sub"])


def _audiences(claims: Mapping[str, Any]) -> list[Any]:
    """Cognito's access tokens name the application in ``client_id`` and have no ``aud``."""
    named = claims["aud"] if "aud" in claims else claims.get("client_id")
    return named if isinstance(named, list) else [named]
