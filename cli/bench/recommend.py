"""From times to money: what a million predictions cost at each size, and the cheapest size that is fast enough."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Final

from cli.bench.measure import Measured, Result
from infra.prices import LAMBDA_GB_SECOND, lambda_usd

MILLION: Final = 1_000_000
P99: Final = 0.99


def billed_ms(measured: Measured) -> float:
    """Mean of the warm requests as Lambda bills them, each rounded up to a whole millisecond."""
    return statistics.fmean(math.ceil(time) for time in measured.warm_ms)


def usd_per_million(measured: Measured) -> dict[str, float]:
    """Lambda's price of a million warm predictions by architecture, as if both were as fast as this machine."""
    return {name: lambda_usd(MILLION, measured.memory_mb, billed_ms(measured), name) for name in LAMBDA_GB_SECOND}


def cheapest(results: Sequence[Result], target_ms: float, architecture: str) -> Measured | None:
    """The cheapest of the sizes whose p99 is within the target; of equals, the smallest. None where none is."""
    fast = [result for result in results if isinstance(result, Measured) and result.warm(P99) <= target_ms]
    return min(fast, key=lambda one: (usd_per_million(one)[architecture], one.memory_mb), default=None)
