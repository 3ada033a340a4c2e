"""Public list prices for estimates: USD, without free tier and tax, each service's first tier.

Source: the pricing page of each service (aws.amazon.com/SERVICE/pricing), for ``REGION``, as of ``AS_OF``.
"""

from __future__ import annotations

from typing import Final

REGION: Final = "us-east-1"
AS_OF: Final = "June 2026"

LAMBDA_GB_SECOND: Final = {"x86_64": 0.0000166667, "arm64": 0.0000133334}
LAMBDA_REQUEST: Final = 0.20e-6
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


def lambda_cost_expression(memory_mb: int, architecture: str, *, invocations: str, duration_ms: str) -> str:
    """CloudWatch metric math in USD from the ids of two sums: invocations, and billed milliseconds."""
    per_ms = memory_mb / 1024 / 1000 * LAMBDA_GB_SECOND[architecture]
    return f"{duration_ms} * {per_ms:.15f} + {invocations} * {LAMBDA_REQUEST:.15f}"
