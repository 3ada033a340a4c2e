"""Stages that between them make every choice that a stage has."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from infra.config import STAGES, Alarming, Cors, Domain, Firewall, IamAccess, JwtAccess

DEV: Final = STAGES["dev"]
PROD: Final = STAGES["prod"]
TOKENS: Final = replace(
    DEV,
    name="tokens",
    account="123456789012",
    region="eu-central-1",
    access=JwtAccess(issuer="https://issuer.example.org/pool", audience="callers"),
    cors=Cors(origin="https://app.example.org"),
    domain=Domain(
        name="api.example.org",
        certificate_arn="arn:aws:acm:eu-central-1:123456789012:certificate/1f2e3d4c",
        hosted_zone_id="Z0123456789",
        hosted_zone_name="example.org",
    ),
    alarms=Alarming(emails=("on-call@example.org",)),
)
SIGNED: Final = replace(PROD, name="signed", access=IamAccess(), firewall=Firewall(requests_per_address=100))
