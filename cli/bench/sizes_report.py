"""The figures of all memory sizes: a table for a terminal, JSON for a script, a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cli.bench.measure import Measured, Result, Unfit
from cli.bench.plot import Panel, svg
from cli.bench.recommend import MILLION, P99, billed_ms, usd_per_million
from cli.bench.tables import aligned
from infra.cold_starts import Month, table, ways
from infra.prices import API_REQUEST, AS_OF, REGION
from local.cpu_share import Share
from serin.manifest import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was measured, how, and what follows. ``limited_by`` is None where processors were not limited."""

    manifest: Manifest
    results: Sequence[Result]
    best: Measured | None
    starts: int
    requests: int
    limited_by: str | None
    cpus: int
    python: str
    with_cold_starts: bool

    @property
    def target_ms(self) -> float:
        """The p99 that the manifest asks for."""
        return self.manifest.serving.latency_target_ms

    def lines(self) -> list[str]:
        """For a terminal."""
        serving = self.manifest.serving
        head = f"{self.manifest.name} {self.manifest.version}, {serving.architecture}; {self.requests} requests and"
        prices = f"USD for a million predictions: list prices of {REGION}, {AS_OF}; API Gateway adds"
        return [
            f"{head} {self.starts} start(s) a size, Python {self.python}, limited by {self.limited_by or 'NOTHING'}",
            "",
            *aligned([_HEAD, *(_row(result) for result in self.results)]),
            "",
            f"{prices} {MILLION * API_REQUEST:.2f}. ms and MB are this machine's.",
            *self._remarks(),
            *([self._verdict(self.best)] if self.best else []),
            *(self._cold_starts(self.best) if self.best and self.with_cold_starts else []),
        ]

    def _remarks(self) -> list[str]:
        remarks = []
        if self.limited_by is None:
            remarks.append("NO CPU LIMIT: every size had all of this machine's processors; small sizes are slower.")
        wider = [result.memory_mb for result in self.results if Share.of_lambda(result.memory_mb).cpus > self.cpus]
        if wider and self.limited_by:
            more = f"{wider[0]} MB buy more processors than this machine has"
            remarks.append(f"{more} ({self.cpus}): from there on, a model that uses several may be faster on Lambda.")
        return remarks

    def _verdict(self, best: Measured) -> str:
        chosen = self.manifest.serving.memory_mb
        stands = "as model.yaml has it" if best.memory_mb == chosen else f"model.yaml has {chosen} MB"
        return f"Cheapest with p99 within {self.target_ms:g} ms: {best.memory_mb} MB ({stands})."

    def _month(self, best: Measured) -> Month:
        architecture = self.manifest.serving.architecture
        billed = billed_ms(best)
        return Month(memory_mb=best.memory_mb, architecture=architecture, init_ms=best.init_ms, billed_ms=billed)

    def _cold_starts(self, best: Measured) -> list[str]:
        month = self._month(best)
        kind = f"{best.memory_mb} MB, {month.requests:,} requests a month, {month.cold_share:.0%} of them cold"
        return ["", f"Fewer cold starts, with {kind} (docs/cold-starts.md):", "", *aligned(table(month))]

    def document(self) -> dict[str, Any]:
        """For a script."""
        return {
            "model": self.manifest.name,
            "version": self.manifest.version,
            "architecture": self.manifest.serving.architecture,
            "latency_target_ms": self.target_ms,
            "memory_mb": self.manifest.serving.memory_mb,
            "recommended_memory_mb": self.best.memory_mb if self.best else None,
            "starts": self.starts,
            "requests": self.requests,
            "limited_by": self.limited_by,
            "cpus": self.cpus,
            "python": self.python,
            "prices": {"region": REGION, "as_of": AS_OF, "api_gateway_usd_per_million": MILLION * API_REQUEST},
            "sizes": [_entry(result) for result in self.results],
            **({"cold_starts": self._cold_start_entries(self.best)} if self.best and self.with_cold_starts else {}),
        }

    def _cold_start_entries(self, best: Measured) -> dict[str, Any]:
        month = self._month(best)
        found = [{"way": way.name, "usd_a_month": round(way.usd, 6), "waits": way.waits} for way in ways(month)]
        return {**asdict(month), "ways": found}

    def picture(self) -> str | None:
        """SVG; None where no size fits."""
        fits = [result for result in self.results if isinstance(result, Measured)]
        if not fits:
            return None
        shares = {"p50": 0.5, "p95": 0.95, "p99": P99}
        times = {name: [one.warm(share) for one in fits] for name, share in shares.items()}
        starts = {"init": [one.init_ms for one in fits]}
        prices = [usd_per_million(one) for one in fits]
        money = {name: [price[name] for price in prices] for name in prices[0]}
        name = f"{self.manifest.name} {self.manifest.version}"
        limit = ("target", self.target_ms) if self.target_ms < 20 * max(times["p99"]) else None
        return svg(
            f"{name} by memory size",
            "memory, MB",
            [one.memory_mb for one in fits],
            [
                Panel(f"{name}: warm request, ms", times, limit),
                Panel("start, ms", starts),
                Panel(f"a million predictions on Lambda, USD ({REGION}, {AS_OF})", money),
            ],
        )


_HEAD = (
    "memory",
    "vCPU",
    "init ms",
    "first ms",
    "p50 ms",
    "p95 ms",
    "p99 ms",
    "peak MB",
    "USD x86_64",
    "USD arm64",
    "",
)


def _row(result: Result) -> list[str]:
    share = Share.of_lambda(result.memory_mb)
    size = [f"{result.memory_mb} MB", f"{share.cpus:.2f}"]
    if isinstance(result, Unfit):
        return [*size, *("-" for _ in _HEAD[2:-1]), result.reason]
    price = usd_per_million(result)
    times = [result.warm(0.5), result.warm(0.95), result.warm(P99)]
    return [
        *size,
        *(f"{time:.0f}" for time in (result.init_ms, result.first_ms)),
        *(f"{time:.2f}" for time in times),
        f"{result.peak_mb:.0f}",
        *(f"{price[name]:.3f}" for name in ("x86_64", "arm64")),
        "",
    ]


def _entry(result: Result) -> dict[str, Any]:
    if isinstance(result, Unfit):
        return {"memory_mb": result.memory_mb, "fits": False, "reason": result.reason}
    return {
        "memory_mb": result.memory_mb,
        "fits": True,
        "init_ms": round(result.init_ms, 3),
        "first_ms": round(result.first_ms, 3),
        "p50_ms": result.warm(0.5),
        "p95_ms": result.warm(0.95),
        "p99_ms": result.warm(P99),
        "billed_ms": round(billed_ms(result), 3),
        "peak_mb": round(result.peak_mb, 1),
        "usd_per_million": {name: round(price, 6) for name, price in usd_per_million(result).items()},
    }
