"""What each way to have fewer cold starts costs in a month, by the public prices.

A start is paid for like a request (AWS Compute Blog, "AWS Lambda standardizes billing for INIT Phase", in force since
August 2025), a snapshot by its size and time, an instance that is kept ready by its size and time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from infra import prices

MONTH_SECONDS: Final = 30 * 24 * 3600
WORKING_HOURS: Final = 10 * 22
"""Of a month: ten hours on each of 22 days."""
PING_SECONDS: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month of one function. ``cold_share``: of the requests, those that find no instance ready (0 to 1)."""

    memory_mb: int
    architecture: str
    init_ms: float
    billed_ms: float
    requests: int = 1_000_000
    cold_share: float = 0.01

    @property
    def gb(self) -> float:
        """Memory in GB, as Lambda's prices count it."""
        return self.memory_mb / 1024

    @property
    def cold(self) -> float:
        """Requests that find no instance ready."""
        return self.requests * self.cold_share


EXAMPLE: Final = Month(memory_mb=1024, architecture="x86_64", init_ms=400, billed_ms=5)
"""What docs/cold-starts.md shows."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way: ``usd`` a month on top of the requests themselves, and how many starts a client still waits for."""

    name: str
    usd: float
    waits: str


def ways(month: Month) -> Iterator[Way]:
    """Every way, the plainest first."""
    init = _init_usd(month)
    yield Way("nothing", init, f"{month.cold:,.0f}, {month.init_ms:,.0f} ms each")
    restores = month.cold * month.gb * prices.SNAP_START_RESTORE_GB
    for versions in (1, 3):
        cache = versions * month.gb * MONTH_SECONDS * prices.SNAP_START_CACHE_GB_SECOND
        kept = "one version kept" if versions == 1 else f"{versions} versions kept"
        yield Way(f"SnapStart, {kept}", cache + restores, f"{month.cold:,.0f}, each a restore")
    always = _ready_usd(month, MONTH_SECONDS)
    yield Way("one instance always ready", always - _cheaper_usd(month), "those beyond it")
    # The schedule goes between two numbers, and the lower is one at least.
    more = _ready_usd(month, WORKING_HOURS * 3600)
    yield Way("two ready in working hours, else one", always + more - _cheaper_usd(month), "those beyond them")
    pings = MONTH_SECONDS / PING_SECONDS
    usd = init + prices.lambda_usd(pings, month.memory_mb, month.billed_ms, month.architecture)
    yield Way("a ping every five minutes", usd, f"nearly {month.cold:,.0f}: it keeps one instance")


def table(month: Month) -> list[list[str]]:
    """A head and a row a way, as texts."""
    rows = [[way.name, f"{way.usd:.2f}", way.waits] for way in ways(month)]
    return [["way", "USD a month", "starts that a client waits for"], *rows]


def markdown(month: Month) -> str:
    """The table for a page."""
    head, *rows = table(month)
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---", "---:", "---"], *rows)) + "\n"


def _init_usd(month: Month) -> float:
    return month.cold * month.gb * month.init_ms / 1000 * prices.LAMBDA_GB_SECOND[month.architecture]


def _ready_usd(month: Month, seconds: float) -> float:
    return month.gb * seconds * prices.PROVISIONED_GB_SECOND[month.architecture]


def _cheaper_usd(month: Month) -> float:
    """What requests cost less on instances that are kept ready, if these answer all of them."""
    usual, ready = (
        price[month.architecture] for price in (prices.LAMBDA_GB_SECOND, prices.PROVISIONED_DURATION_GB_SECOND)
    )
    return month.requests * month.gb * month.billed_ms / 1000 * (usual - ready)
