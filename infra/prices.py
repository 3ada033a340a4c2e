"""Public list prices for estimates: USD, without free tier and tax, each service's first tier.

Source: the pricing page of each service (aws.amazon.com/SERVICE/pricing), for ``REGION``, as of ``AS_OF``.
"""

from __future__ import annotations

from typing import Final

REGION: Final = "us-east-1"
AS_OF: Final = "June 2026"

LAMBDA_GB_SECOND: Final = {"x86_64": 0.0000166667, "arm64": 0.0000133334}
LAMBDA_REQUEST: Final = 0.20e-6
PROVISIONED_GB_SECOND: Final = {"x86_64": 0.0000041667, "arm64": 0.0000033334}
"""Of an instance that is kept ready, whether or not it is called."""
PROVISIONED_DURATION_GB_SECOND: Final = {"x86_64": 0.0000097222, "arm64": 0.0000077778}
"""Of a request that such an instance answers, in place of ``LAMBDA_GB_SECOND``."""
SNAP_START_CACHE_GB_SECOND: Final = 0.0000015046
"""Of the snapshot of one published version, by the function's memory, for as long as the version exists (three hours
at least). The price list has no other price for arm64."""
SNAP_START_RESTORE_GB: Final = 0.0001397998
"""Of one start from a snapshot, by the function's memory."""
API_REQUEST: Final = 3.50e-6
API_DATA_OUT_GB: Final = 0.09
TRACE: Final = 5.00e-6
FIREWALL_MONTH: Final = 5.00
FIREWALL_RULE_MONTH: Final = 1.00
FIREWALL_REQUEST: Final = 0.60e-6
KEY_MONTH: Final = 1.00
ALARM_MONTH: Final = 0.10
DASHBOARD_MONTH: Final = 3.00
METRIC_MONTH: Final = 0.30
LOG_GB: Final = 0.50
IMAGE_GB_MONTH: Final = 0.10


def lambda_usd(requests: float, memory_mb: int, billed_ms: float, architecture: str) -> float:
    """Requests to a function, ``billed_ms`` each: what Lambda's bill says of them, in USD."""
    gb_seconds = memory_mb / 1024 * billed_ms / 1000
    return requests * (LAMBDA_REQUEST + gb_seconds * LAMBDA_GB_SECOND[architecture])


def lambda_cost_expression(memory_mb: int, architecture: str, *, invocations: str, duration_ms: str) -> str:
    """CloudWatch metric math in USD from the ids of two sums: invocations, and billed milliseconds."""
    per_ms = memory_mb / 1024 / 1000 * LAMBDA_GB_SECOND[architecture]
    return f"{duration_ms} * {per_ms:.15f} + {invocations} * {LAMBDA_REQUEST:.15f}"
