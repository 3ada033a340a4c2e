"""Public list prices for estimates: USD, us-east-1, without free tier and tax.

Source: aws.amazon.com/lambda/pricing and aws.amazon.com/api-gateway/pricing, first tier.
"""

from __future__ import annotations

from typing import Final

LAMBDA_GB_SECOND: Final = {"x86_64": 0.0000166667, "arm64": 0.0000133334}
LAMBDA_REQUEST: Final = 0.20e-6
API_REQUEST: Final = 3.50e-6


def lambda_cost_expression(memory_mb: int, architecture: str, *, invocations: str, duration_ms: str) -> str:
    """CloudWatch metric math in USD from the ids of two sums: invocations, and billed milliseconds."""
    per_ms = memory_mb / 1024 / 1000 * LAMBDA_GB_SECOND[architecture]
    return f"{duration_ms} * {per_ms:.15f} + {invocations} * {LAMBDA_REQUEST:.15f}"
