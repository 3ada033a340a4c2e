"""What `make bench-peers` measured: kept as JSON, read back, and shown as one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.results import FOLDER

LATEST: Final = FOLDER / "peers.json"


@dataclass(frozen=True, slots=True)
class Answering:
    """Medians of the rounds under ``clients`` at once."""

    clients: int
    requests_per_second: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Peer:
    """One server in its version; one that could not be measured says why."""

    name: str
    figures: tuple[Answering, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class PeerResults:
    """``machine``: what the figures depend on."""

    machine: Mapping[str, str]
    peers: Sequence[Peer]


def write(results: PeerResults, file: Path = LATEST) -> None:
    """As JSON, indented."""
    file.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n")


def read(file: Path = LATEST) -> PeerResults:
    """What ``write`` wrote."""
    return msgspec.json.decode(file.read_bytes(), type=PeerResults)


def markdown(results: PeerResults) -> str:
    """A table, the fastest first, with the machine's facts below it."""
    measured = sorted((peer for peer in results.peers if peer.figures), key=_rate, reverse=True)
    clients = [answering.clients for answering in measured[0].figures] if measured else []
    headings = ["server", *(f"{what}, {_clients(n)}" for n in clients for what in ("requests/s", "p50 ms", "p99 ms"))]
    lines = [headings, ["---", *["---:"] * (len(headings) - 1)], *map(_cells, measured)]
    text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    missing = "".join(f"\nNot measured: {peer.name}: {peer.why}.\n" for peer in results.peers if peer.why)
    machine = ", ".join(f"{name} {value}" for name, value in results.machine.items())
    return f"{text}\n{missing}\nMeasured with: {machine}.\n"


def _cells(peer: Peer) -> list[str]:
    figures = ((f"{one.requests_per_second:,.0f}", f"{one.p50_ms:.2f}", f"{one.p99_ms:.2f}") for one in peer.figures)
    return [peer.name, *(text for three in figures for text in three)]


def _rate(peer: Peer) -> float:
    return peer.figures[-1].requests_per_second


def _clients(count: int) -> str:
    return "1 client" if count == 1 else f"{count} clients"
