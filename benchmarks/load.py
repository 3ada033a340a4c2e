"""Load on an HTTP server over loopback: so many clients, each asking again as soon as it is answered.

``load.py HOST PORT PATH CLIENTS COUNT < BODY`` writes one line of JSON. A program of its own, so that it takes no
processor time inside the server; connections are kept alive. Bounded: it ends after COUNT requests, or refuses.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from dataclasses import dataclass
from typing import Final

LONGEST_SECONDS: Final = 60.0
OK: Final = b"HTTP/1.1 200 "


@dataclass
class _Client:
    connection: socket.socket
    begun: float = 0.0
    length: int = 0
    received: bytes = b""

    def ask(self, request: bytes) -> None:
        self.received = b""
        self.begun = time.perf_counter()
        self.connection.sendall(request)

    def answered(self) -> bool:
        """Take what has come; whether a whole response is there. Refuses all but 200 and a known length.

        One that came in one piece and is as long as the one before is not read any further: what this program
        spends is missing to the server.
        """
        piece = self.connection.recv(65536)
        if len(piece) == self.length and not self.received and piece.startswith(OK):
            return True
        if not piece:
            sys.exit("the server closed a connection that was to be kept")
        self.received += piece
        self.length = _whole_length(self.received)
        return 0 < self.length <= len(self.received)


def _whole_length(received: bytes) -> int:
    """How long the response that begins like this is; 0 as long as its head does not stand."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return 0
    if not received.startswith(OK):
        sys.exit(f"the server answered {received[:300]!r}")
    _, found, after = received[:end].lower().partition(b"content-length:")
    if not found:
        sys.exit("the server does not say how long its answer is")
    return end + 4 + int(after.split(b"\r\n", 1)[0])


def main(host: str, port: str, path: str, clients: str, count: str) -> None:
    """Ask, and write requests a second, and p50 and p99 in milliseconds."""
    body = sys.stdin.buffer.read()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    try:
        times, seconds = _load((host, int(port)), head.encode() + body, int(clients), int(count))
    except OSError as error:
        sys.exit(f"the server breaks a connection off ({error.strerror})")
    times.sort()
    told = {
        "requests_per_second": len(times) / seconds,
        "p50_ms": times[len(times) // 2] * 1000,
        "p99_ms": times[min(len(times) - 1, int(len(times) * 0.99))] * 1000,
    }
    sys.stdout.write(json.dumps(told) + "\n")


def _load(address: tuple[str, int], request: bytes, clients: int, count: int) -> tuple[list[float], float]:
    """Seconds of each request, and of all."""
    with selectors.DefaultSelector() as selector:
        everyone = [_connect(address, selector) for _ in range(clients)]
        begun = time.perf_counter()
        for client in everyone:
            client.ask(request)
        times = _go_on(selector, request, count, clients)
        seconds = time.perf_counter() - begun
    for client in everyone:
        client.connection.close()
    return times, seconds


def _connect(address: tuple[str, int], selector: selectors.BaseSelector) -> _Client:
    connection = socket.create_connection(address, LONGEST_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client = _Client(connection)
    selector.register(connection, selectors.EVENT_READ, client)
    return client


def _go_on(selector: selectors.BaseSelector, request: bytes, count: int, asked: int) -> list[float]:
    """Ask again whoever was answered until ``count`` answers are there; ``asked`` requests are on their way."""
    times: list[float] = []
    until = time.perf_counter() + LONGEST_SECONDS
    while len(times) < count:
        ready = selector.select(LONGEST_SECONDS)
        if not ready or time.perf_counter() > until:
            sys.exit(f"the server answered {len(times)} of {count} requests in {LONGEST_SECONDS:g} s")
        for client in (key.data for key, _ in ready):
            if client.answered():
                times.append(time.perf_counter() - client.begun)
                if asked < count:
                    asked += 1
                    client.ask(request)
    return times


if __name__ == "__main__":
    main(*sys.argv[1:])
