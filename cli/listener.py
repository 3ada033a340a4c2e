"""The socket that `serin serve` listens on, taken before anything slow happens."""

from __future__ import annotations

import errno
import socket
from typing import Final

from cli.outcome import CommandError, ExitCode

_BACKLOG: Final = 2048


def listen(host: str, port: int) -> socket.socket:
    """A listening socket: from here on the port is ours, and early clients wait instead of being refused.

    Raises:
        CommandError: the port is taken or forbidden, or the host is no address of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _refusal(host, port, error) from None
    try:
        # A port that a stopped server has just left may be taken again at once.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise _refusal(host, port, error) from None
    return listener


def url_of(listener: socket.socket) -> str:
    """Where a browser on this machine finds ``listener``."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - the wildcard is translated away
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _refusal(host: str, port: int, error: OSError) -> CommandError:
    if error.errno == errno.EADDRINUSE:
        return CommandError(
            ExitCode.ADDRESS_TAKEN,
            f"port {port} on {host} is taken by another program; stop it, or choose another port with --port or PORT",
        )
    if error.errno == errno.EACCES:
        return CommandError(ExitCode.USAGE, f"--port: {port} needs administrator's rights; choose one above 1023")
    return CommandError(ExitCode.USAGE, f"--host: {host} is no address of this machine ({error.strerror})")
