"""Settings refuse what cannot work, in one line."""

from __future__ import annotations

import dataclasses
import re
from typing import get_args, get_type_hints

import pytest

from infra.config import STAGES, Alarming, ConfigurationError, Cors, Domain, JwtAccess, stage_named
from infra.logs import EncryptedLogs
from infra.platform_stack import PlatformStack
from serin.manifest import Monitoring
from tests.infra.stages import DEV


def test_a_stage_is_found_by_its_name() -> None:
    assert {name: stage.name for name, stage in STAGES.items()} == {"dev": "dev", "prod": "prod"}
    assert stage_named("prod") is STAGES["prod"]


def test_an_unknown_stage_names_those_that_exist() -> None:
    with pytest.raises(ConfigurationError, match="stage 'test' does not exist; choose one of dev, prod"):
        stage_named("test")


def test_settings_cannot_be_changed_by_what_they_are_given_to() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        STAGES["dev"].name = "other"  # type: ignore[misc]


def test_an_account_without_a_region_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="account and region go together"):
        dataclasses.replace(DEV, account="123456789012")


@pytest.mark.parametrize(
    ("issuer", "audience", "field"),
    [("http://issuer.example.org", "a", "access.issuer"), ("https://issuer.example.org", "", "access.audience")],
)
def test_tokens_need_an_https_issuer_and_an_audience(issuer: str, audience: str, field: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(field)):
        JwtAccess(issuer=issuer, audience=audience)


def test_half_a_hosted_zone_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="hosted_zone_id and hosted_zone_name go together"):
        Domain(name="api.example.org", certificate_arn="arn", hosted_zone_id="Z1")


@pytest.mark.parametrize("share", [0, 1, 80])
def test_a_share_of_concurrency_lies_between_none_and_all(share: float) -> None:
    with pytest.raises(ConfigurationError, match=re.escape("alarms.concurrency_share")):
        Alarming(concurrency_share=share)


def test_a_retention_that_cloudwatch_does_not_know_is_refused(app_scope: PlatformStack) -> None:
    stage = dataclasses.replace(DEV, log_retention_days=8)
    with pytest.raises(ConfigurationError, match="does not keep 8 days; choose of 1, 3, 5, 7"):
        EncryptedLogs(app_scope, "Logs", stage=stage, key=app_scope.key)


@pytest.mark.parametrize("days", get_args(get_type_hints(Monitoring)["log_retention_days"]))
def test_every_retention_that_a_manifest_may_ask_for_is_known(app_scope: PlatformStack, days: int) -> None:
    stage = dataclasses.replace(DEV, log_retention_days=None)
    EncryptedLogs(app_scope, f"Logs{days}", stage=stage, key=app_scope.key, days=days)


@pytest.mark.parametrize("origin", ["https://app.example.org", "http://localhost:3000", "*"])
def test_a_page_that_may_call_is_an_origin_as_browsers_send_it(origin: str) -> None:
    assert Cors(origin=origin).origin == origin


@pytest.mark.parametrize("origin", ["", "app.example.org", "https://app.example.org/", "https://*.example.org", "'*'"])
def test_anything_else_that_may_call_is_refused(origin: str) -> None:
    with pytest.raises(ConfigurationError, match=r"cors\.origin: must be"):
        Cors(origin=origin)
