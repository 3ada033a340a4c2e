"""Log groups: encrypted, with an end to their keeping."""

from __future__ import annotations

from typing import Final

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.config import ConfigurationError, Stage

DEFAULT_RETENTION_DAYS: Final = 30

# CloudFormation takes these numbers only; the library names them.
_RETENTION: Final = {
    1: logs.RetentionDays.ONE_DAY,
    3: logs.RetentionDays.THREE_DAYS,
    5: logs.RetentionDays.FIVE_DAYS,
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    60: logs.RetentionDays.TWO_MONTHS,
    90: logs.RetentionDays.THREE_MONTHS,
    120: logs.RetentionDays.FOUR_MONTHS,
    150: logs.RetentionDays.FIVE_MONTHS,
    180: logs.RetentionDays.SIX_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
    400: logs.RetentionDays.THIRTEEN_MONTHS,
}


class EncryptedLogs(logs.LogGroup):
    """A log group under the platform's key. It goes with its stack: what must last is exported before."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        key: kms.IKey,
        days: int = DEFAULT_RETENTION_DAYS,
        name: str | None = None,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            encryption_key=key,
            log_group_name=name,
            retention=_retention(stage.log_retention_days or days),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )


def _retention(days: int) -> logs.RetentionDays:
    if days not in _RETENTION:
        allowed = ", ".join(map(str, _RETENTION))
        raise ConfigurationError(f"log_retention_days: CloudWatch Logs does not keep {days} days; choose of {allowed}")
    return _RETENTION[days]
