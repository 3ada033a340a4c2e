"""`serin bench MODEL --url`: a bounded load on an endpoint, as its clients see it."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from cli.bench.connection import Connection, Exchange
from cli.bench.percentiles import percentile
from cli.bench.rows import request_bodies
from cli.bench.tables import aligned
from cli.endpoint import Endpoint, refusal
from cli.models import folder_of
from cli.outcome import CommandError, ExitCode
from cli.progress import counting
from serin.model_folder import load_model_folder

_SHARES: Final = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
_TOO_MANY: Final = 429


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """``rate``: requests a second over all ``clients``; a slow endpoint gets fewer, for each client waits."""

    rate: float
    count: int
    clients: int
    as_json: bool


@dataclass(frozen=True, slots=True)
class Load:
    """All exchanges, the first one first, and the seconds that they took together."""

    exchanges: Sequence[Exchange]
    seconds: float

    @property
    def good(self) -> list[Exchange]:
        """Those that were answered with predictions."""
        return [exchange for exchange in self.exchanges if exchange.code == "ok"]

    @property
    def errors(self) -> Counter[tuple[int, str]]:
        """How often each bad answer came, by status and code."""
        return Counter((one.status, one.code) for one in self.exchanges if one.code != "ok")


def bench_endpoint(name: str, models: Path, endpoint: Endpoint, options: LoadOptions) -> None:
    """Send the model's golden cases or its example, and print what came back.

    Raises:
        CommandError: the endpoint cannot be reached or refuses the first request; or some requests failed, after the
            figures are printed.
        ModelFolderError: the model's folder, which the rows come from, is broken.
    """
    folder = load_model_folder(folder_of(models, name))
    golden = folder.lock.golden.file.file if folder.lock.golden else None
    bodies = request_bodies(folder.path, folder.manifest, golden)
    path = f"/models/{quote(name, safe='')}/predict"
    with counting("Asking", options.count) as done:
        load = _send(endpoint, path, bodies, options, done)
    print(json.dumps(_document(name, endpoint, load), indent=2) if options.as_json else _text(name, endpoint, load))
    failed = len(load.exchanges) - len(load.good)
    if failed:
        theirs = any(status == 0 or status >= 500 for status, _ in load.errors)
        code = ExitCode.UNREACHABLE if theirs else ExitCode.REFUSED
        raise CommandError(code, f"{failed} of {len(load.exchanges)} requests failed")


def _send(
    endpoint: Endpoint, path: str, bodies: Sequence[bytes], options: LoadOptions, done: Callable[[], None]
) -> Load:
    begun = time.monotonic()
    with Connection(endpoint) as connection:
        first = connection.post(path, bodies[0])
        _check(first, endpoint)
    done()
    turn = _Turn(options.count, options.rate, begun)

    def client() -> list[tuple[int, Exchange]]:
        exchanges = []
        with Connection(endpoint) as connection:
            while (number := turn.take()) is not None:
                exchanges.append((number, connection.post(path, bodies[number % len(bodies)])))
                done()
        return exchanges

    with ThreadPoolExecutor(options.clients) as pool:
        clients = [pool.submit(client) for _ in range(options.clients)]
        rest = sorted((pair for one in clients for pair in one.result()), key=lambda pair: pair[0])
    return Load([first, *(exchange for _, exchange in rest)], time.monotonic() - begun)


def _check(first: Exchange, endpoint: Endpoint) -> None:
    """What is wrong with the first request is wrong with all: say so once, and leave the endpoint in peace."""
    if first.status == 0:
        raise CommandError(ExitCode.UNREACHABLE, f"{endpoint.url} cannot be reached: {first.code}")
    if 300 <= first.status < 500 and first.status != _TOO_MANY:
        raise CommandError(ExitCode.REFUSED, refusal(first.status, first.body, endpoint.url))


class _Turn:
    """Hands out the requests' numbers from 1, each no sooner than its time. Safe for several threads."""

    def __init__(self, count: int, rate: float, begun: float) -> None:
        self._count = count
        self._rate = rate
        self._begun = begun
        self._next = 1
        self._lock = threading.Lock()

    def take(self) -> int | None:
        """The next number, when its time has come; None when there are no more."""
        with self._lock:
            number = self._next
            self._next += 1
        if number >= self._count:
            return None
        time.sleep(max(0.0, self._begun + number / self._rate - time.monotonic()))
        return number


# --- What came back -------------------------------------------------------------------------------------------


def _times(exchanges: Sequence[Exchange]) -> dict[str, float] | None:
    times = [exchange.ms for exchange in exchanges]
    return {name: round(percentile(times, share), 3) for name, share in _SHARES.items()} if times else None


def _split(load: Load) -> dict[str, list[Exchange]]:
    return {
        "warm": [exchange for exchange in load.good if not exchange.is_cold],
        "cold": [exchange for exchange in load.good if exchange.is_cold],
    }


def _document(name: str, endpoint: Endpoint, load: Load) -> dict[str, Any]:
    split = _split(load)
    return {
        "model": name,
        "url": endpoint.url,
        "requests": len(load.exchanges),
        "good": len(load.good),
        "requests_a_second": round(len(load.exchanges) / load.seconds, 3),
        "cold_starts": len(split["cold"]),
        "ms": {kind: _times(exchanges) for kind, exchanges in split.items()},
        "errors": [
            {"status": status, "code": code, "requests": count} for (status, code), count in sorted(load.errors.items())
        ],
    }


def _text(name: str, endpoint: Endpoint, load: Load) -> str:
    total = len(load.exchanges)
    lines = [f"{name} at {endpoint.url}: {total} requests, {total / load.seconds:.1f} a second", ""]
    rows = [["", "requests", *(f"{name} ms" for name in _SHARES)]]
    for kind, exchanges in _split(load).items():
        times = _times(exchanges)
        figures = [f"{time:.1f}" for time in times.values()] if times else ["-"] * len(_SHARES)
        rows.append([kind, str(len(exchanges)), *figures])
    lines += aligned(rows)
    for (status, code), count in sorted(load.errors.items()):
        lines.append(f"{count} times {status or 'no answer'} {code}")
    return "\n".join(lines)
