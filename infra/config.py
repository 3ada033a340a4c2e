"""Stages as frozen, typed data. Constructs take what they need from here and look nothing up by themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import ClassVar, Final, Literal

_ORIGIN: Final = re.compile(r"\*|https?://[a-z0-9.-]+(:[0-9]{1,5})?")


class ConfigurationError(Exception):
    """A setting cannot be used. The message names it and says what to do."""


@dataclass(frozen=True, kw_only=True)
class Throttle:
    """Token bucket: ``rate`` requests a second, ``burst`` at once."""

    rate: float
    burst: int


@dataclass(frozen=True, kw_only=True)
class Quota:
    """Most requests of one key in a period."""

    requests: int
    period: Literal["DAY", "WEEK", "MONTH"]


@dataclass(frozen=True, kw_only=True)
class ApiKeyAccess:
    """A key in the ``X-Api-Key`` header, metered by a usage plan."""

    credentials: ClassVar[str] = "api-key"
    throttle: Throttle
    quota: Quota


@dataclass(frozen=True, kw_only=True)
class IamAccess:
    """Requests signed with Signature Version 4; who may call is IAM policy (``execute-api:Invoke``)."""

    credentials: ClassVar[str] = "iam"


@dataclass(frozen=True, kw_only=True)
class JwtAccess:
    """A bearer token of an OpenID Connect issuer, for instance a Cognito user pool.

    ``issuer`` is the ``iss`` claim and serves ``/.well-known/openid-configuration``; ``audience`` is the ``aud``
    claim, or ``client_id`` where a token has no ``aud``, as Cognito's access tokens have none.
    """

    credentials: ClassVar[str] = "jwt"
    issuer: str
    audience: str

    def __post_init__(self) -> None:
        if not self.issuer.startswith("https://"):
            raise ConfigurationError("access.issuer: must be an https:// address")
        if not self.audience:
            raise ConfigurationError("access.audience: must name the application that tokens are made for")


Access = ApiKeyAccess | IamAccess | JwtAccess
"""``credentials`` is the word by which the catalogue's document says what clients need."""


@dataclass(frozen=True, kw_only=True)
class Firewall:
    """Limits of the WAF web ACL; AWS's managed rules come on top."""

    requests_per_address: int = 2_000
    """In any five minutes, from one source address."""
    max_body_bytes: int = 6_291_556
    """What Lambda takes in one synchronous invocation."""


@dataclass(frozen=True, kw_only=True)
class Cors:
    """The web page that may call the API from a browser: ``https://example.org``, or ``*`` for any."""

    origin: str

    def __post_init__(self) -> None:
        if not _ORIGIN.fullmatch(self.origin):
            raise ConfigurationError(
                "cors.origin: must be a scheme and a host as browsers send them, like https://example.org, or *"
            )


@dataclass(frozen=True, kw_only=True)
class Domain:
    """A name of one's own. The certificate stands in the API's region; without a zone, DNS is set elsewhere."""

    name: str
    certificate_arn: str
    hosted_zone_id: str | None = None
    hosted_zone_name: str | None = None

    def __post_init__(self) -> None:
        if (self.hosted_zone_id is None) != (self.hosted_zone_name is None):
            raise ConfigurationError("domain: hosted_zone_id and hosted_zone_name go together")


@dataclass(frozen=True, kw_only=True)
class Alarming:
    """Whom alarms reach, and the thresholds that no manifest sets."""

    emails: tuple[str, ...] = ()
    api_error_rate: float = 0.01
    """Share of requests that API Gateway answers with 5xx."""
    api_latency_ms: float = 3_000
    """p99 from API Gateway's side, over all models."""
    concurrency_share: float = 0.8
    """Of a concurrency limit, reserved or the account's."""
    account_concurrency: int = 1_000
    """The account's Lambda concurrency quota; AWS's default."""

    def __post_init__(self) -> None:
        if not 0 < self.concurrency_share < 1:
            raise ConfigurationError("alarms.concurrency_share: must lie between 0 and 1")


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One deployment of everything. Without ``account`` and ``region`` it goes where the credentials point."""

    name: str
    account: str | None = None
    region: str | None = None
    access: Access
    throttle: Throttle
    firewall: Firewall | None = None
    cors: Cors | None = None
    domain: Domain | None = None
    signer: str | None = None
    """PEM file of the public key that must have signed every model, from the repository's root: see docs/signing.md."""
    log_retention_days: int | None = None
    """Overrides the manifests' retention, and holds for all other logs; 30 days when unset."""
    log_lag_seconds: float = 10.0
    """How long a line may take from a function to where a release finds it."""
    metric_lag_seconds: float = 180.0
    """How long after its end a minute of CloudWatch's metrics may still change; a release counts crashes by them."""
    keep_key: bool
    """Whether the encryption key, and with it the logs' readability and the records of releases, outlives the stage."""
    termination_protection: bool
    alarms: Alarming = field(default_factory=Alarming)
    base_image: str = "public.ecr.aws/lambda/python:3.13"

    def __post_init__(self) -> None:
        if (self.account is None) != (self.region is None):
            raise ConfigurationError(f"stage {self.name!r}: account and region go together")


STAGES: Final = {
    "dev": Stage(
        name="dev",
        access=ApiKeyAccess(
            throttle=Throttle(rate=20, burst=40),
            quota=Quota(requests=100_000, period="DAY"),
        ),
        throttle=Throttle(rate=50, burst=100),
        log_retention_days=7,
        keep_key=False,
        termination_protection=False,
    ),
    "prod": Stage(
        name="prod",
        access=ApiKeyAccess(
            throttle=Throttle(rate=200, burst=400),
            quota=Quota(requests=10_000_000, period="MONTH"),
        ),
        throttle=Throttle(rate=500, burst=1_000),
        firewall=Firewall(),
        keep_key=True,
        termination_protection=True,
    ),
}


def stage_named(name: str) -> Stage:
    """The settings of stage ``name``.

    Raises:
        ConfigurationError: no such stage.
    """
    if name not in STAGES:
        raise ConfigurationError(f"stage {name!r} does not exist; choose one of {', '.join(sorted(STAGES))}")
    return STAGES[name]
