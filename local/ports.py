"""Loopback ports: a free one, and whether something listens on one."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

from local.errors import LocalError

LOOPBACK = "127.0.0.1"
_POLL_SECONDS = 0.02


def free_ports(count: int) -> tuple[int, ...]:
    """``count`` different ports that nobody listens on now. All are held until the last is found."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind((LOOPBACK, 0))
        return tuple(int(each.getsockname()[1]) for each in sockets)
    finally:
        for each in sockets:
            each.close()


def is_open(port: int, host: str = LOOPBACK) -> bool:
    """Whether a connection to the port is accepted."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((host, port)) == 0


def wait_until(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Return once ``condition`` holds. LocalError names ``what`` after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            message = f"{what}: not so after {seconds:g} s"
            raise LocalError(message)
        time.sleep(_POLL_SECONDS)
