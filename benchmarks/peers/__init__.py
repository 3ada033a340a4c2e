"""Other model servers with the same model, each in an environment of its own, over loopback.

Each serves as its own guide says, with its defaults, in the protocol that is natural to it; none is tuned.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.events import INPUT, MODEL, golden_instances, infer_body, predict_body
from benchmarks.parts.http import naive_server, serin_server
from benchmarks.peer_results import Answering, Peer
from benchmarks.rows import interleave
from benchmarks.servers import PORT, Loaded, Running, Server, load, serving
from benchmarks.subjects import MODELS, Workshop, workshop
from local.errors import LocalError
from local.paths import CACHE
from local.ports import LOOPBACK, free_ports
from local.venvs import locked_python

FOLDER: Final = Path(__file__).parent
CLIENTS: Final = (1, 8)
COUNT: Final = 500
ROUNDS: Final = 5
_AGAIN_SECONDS: Final = 0.5
_INSTANCES: Final = golden_instances(MODELS)[:1]
_PREDICT: Final = predict_body(_INSTANCES)
_INFER: Final = infer_body(INPUT, (1, 30), list(_INSTANCES[0].values()))


def measure_peers() -> list[Peer]:
    """Start each, load all in turns, stop all; one that cannot be had says why."""
    missing: list[Peer] = []
    with workshop() as shop, ExitStack() as servers:
        asked: list[tuple[Server, Running]] = []
        for server in _servers(shop, missing):
            try:
                running = servers.enter_context(serving(server))
                _warm_up(server, running)
                asked.append((server, running))
                _tell(f"{server.name}: started")
            except LocalError as error:
                missing.append(Peer(server.name, why=error.message))
        return [*_load_all(asked), *missing]


def _warm_up(server: Server, running: Running) -> None:
    """Some listen before their model is loaded.

    Raises:
        LocalError: what it still refuses when its time to start is over.
    """
    until = time.monotonic() + server.start_seconds
    while True:
        try:
            load(server, running, 2, COUNT)
        except LocalError:
            if time.monotonic() > until:
                raise
            time.sleep(_AGAIN_SECONDS)
        else:
            return


def _servers(shop: Workshop, missing: list[Peer]) -> Iterator[Server]:
    yield serin_server(shop.place)
    yield naive_server(shop)
    for name, (words, path, body) in _COMMANDS.items():
        lock = FOLDER / name / "requirements.txt"
        titled = f"{name} {locked_version(lock.read_text(), name)}"
        try:
            python = locked_python(f"peer-{name}", lock, CACHE / "benchmarks")
        except LocalError as error:
            missing.append(Peer(titled, why=error.message))
            continue
        home = tempfile.mkdtemp(dir=shop.place)
        yield Server(titled, (str(python), *words), FOLDER / name, _environment(home), path, body)


def locked_version(lock: str, package: str) -> str:
    """The version that ``lock`` pins."""
    [version] = re.findall(rf"^{package}==(\S+)", lock, re.MULTILINE)
    return str(version)


def _environment(home: str) -> dict[str, str]:
    """Nothing calls home, nothing is written beside the sources; ports that nobody asks for are free ones."""
    grpc, metrics = free_ports(2)
    return {
        "HOME": home,
        "MODEL_PATH": str(MODELS / MODEL / "model.onnx"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "ORT_DISABLE_TELEMETRY": "1",
        "BENTOML_DO_NOT_TRACK": "True",
        "BENTOML_HOME": f"{home}/bentoml",
        "MLSERVER_HOST": LOOPBACK,
        "MLSERVER_GRPC_PORT": str(grpc),
        "MLSERVER_METRICS_PORT": str(metrics),
    }


_COMMANDS: Final[dict[str, tuple[Sequence[str], str, bytes]]] = {
    "bentoml": (("-m", "bentoml", "serve", "service:Forest", "--host", LOOPBACK, "--port", PORT), "/predict", _PREDICT),
    "kserve": (("service.py", f"--http_port={PORT}", "--enable_grpc=False"), f"/v1/models/{MODEL}:predict", _PREDICT),
    "litserve": (("service.py", PORT), "/predict", _PREDICT),
    "mlserver": (("service.py", PORT), f"/v2/models/{MODEL}/infer", _INFER),
}
"""How each is started, the path that it answers, and what it is asked."""


def _load_all(asked: Sequence[tuple[Server, Running]]) -> Iterator[Peer]:
    taken: list[list[tuple[Loaded, ...]]] = []
    for clients in CLIENTS:
        takers = [partial(load, s, p, clients, COUNT) for s, p in asked]
        taken.append(interleave(takers, ROUNDS))
        _tell(f"{clients} clients: done")
    for i, (server, _) in enumerate(asked):
        loads = zip(CLIENTS, taken, strict=True)
        yield Peer(server.name, tuple(_medians(clients, [one[i] for one in rounds]) for clients, rounds in loads))


def _medians(clients: int, loads: Sequence[Loaded]) -> Answering:
    rate, p50, p99 = (
        median(getattr(one, name) for one in loads) for name in ("requests_per_second", "p50_ms", "p99_ms")
    )
    return Answering(clients, rate, p50, p99)


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201
