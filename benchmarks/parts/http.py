"""HTTP on a laptop: `serin serve` against naive FastAPI with ONNX Runtime, both under uvicorn, by 1 and 8 clients."""

from __future__ import annotations

import shutil
import sys
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.events import MODEL, golden_instances, predict_body
from benchmarks.rows import Outcome, compare, interleave
from benchmarks.servers import PORT, Loaded, Server, load, serving
from benchmarks.subjects import MODELS, Workshop, workshop
from local.paths import REPOSITORY
from local.ports import LOOPBACK

name: Final = "http"
PATH: Final = f"/models/{MODEL}/predict"
BODY: Final = predict_body(golden_instances(MODELS)[:1])
CLIENTS: Final = ((1, 2.0), (8, 3.0))
"""How many at once, and the requests a second that are promised as a multiple of the naive service's."""


def run(quick: bool) -> list[Outcome]:
    """Both servers run all the time; one is asked, then the other."""
    count, rounds = (300, 3) if quick else (2000, 9)
    rows: list[Outcome] = []
    with workshop() as shop:
        servers = (serin_server(shop.place), naive_server(shop))
        with serving(servers[0]) as ours, serving(servers[1]) as theirs:
            asked = [(servers[0], ours), (servers[1], theirs)]
            for server, running in asked:
                load(server, running, 2, count)
            for clients, target in CLIENTS:
                takers = [partial(load, server, running, clients, count) for server, running in asked]
                rows += _rows(clients, target, interleave(takers, rounds))
    return rows


def serin_server(place: Path) -> Server:
    """`serin serve` with the one model; its request log goes where a laptop's would, to standard error."""
    models = place / "served"
    shutil.copytree(MODELS / MODEL, models / MODEL)
    main = "from cli.main import main; main()"
    command = (sys.executable, "-c", main, "serve", "--models", str(models), "--port", PORT)
    return Server("Serin", command, REPOSITORY, {}, PATH, BODY)


def naive_server(shop: Workshop) -> Server:
    """One process, like Serin's; it writes no line a request, which would slow it."""
    subject = shop.reference("naive")
    options = ("--host", LOOPBACK, "--port", PORT, "--no-access-log", "--log-level", "warning")
    command = (str(subject.python), "-m", "uvicorn", "naive:app", *options)
    return Server("naive FastAPI", command, subject.directory, subject.environment, PATH, BODY)


def _rows(clients: int, target: float, taken: list[tuple[Loaded, ...]]) -> list[Outcome]:
    what, against = f"HTTP, {clients} client{'s' if clients > 1 else ''}", "naive FastAPI"
    rates = [(a.requests_per_second, b.requests_per_second) for a, b in taken]
    slowest = [(a.p99_ms, b.p99_ms) for a, b in taken]
    spent = [(a.processor_us, b.processor_us) for a, b in taken]
    return [
        compare(f"http-{clients}", f"{what}: requests", against, "1/s", rates, target=target, better="higher"),
        compare(f"http-{clients}-p99", f"{what}: p99", against, "ms", slowest, target=1.0),
        # The reference spreads a request over both processors; what others leave of them decides about its rate.
        compare(f"http-{clients}-cpu", f"{what}: processor time", against, "us", spent, target=None),
    ]
