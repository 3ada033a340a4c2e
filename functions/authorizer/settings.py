"""What the environment tells the authorizer, parsed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """``issuer``: the tokens' ``iss``, an https address. ``audience``: their ``aud`` or ``client_id``."""

    issuer: str
    audience: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read ``SERIN_JWT_ISSUER`` and ``SERIN_JWT_AUDIENCE``.

        Raises:
            KeyError: one of them is missing.
        """
        return cls(issuer=environment["SERIN_JWT_ISSUER"], audience=environment["SERIN_JWT_AUDIENCE"])
