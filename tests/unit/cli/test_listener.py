from __future__ import annotations

import socket

import pytest

from cli.listener import listen, url_of
from cli.outcome import CommandError, ExitCode


def test_a_taken_port_is_one_clear_line() -> None:
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(CommandError) as refused:
            listen("127.0.0.1", port)
    assert refused.value.code is ExitCode.ADDRESS_TAKEN
    assert refused.value.message == (
        f"port {port} on 127.0.0.1 is taken by another program; stop it, or choose another port with --port or PORT"
    )


def test_a_port_that_was_just_left_can_be_taken_again() -> None:
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            accepted, _ = first.accept()
            accepted.close()
    listen("127.0.0.1", port).close()


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_a_host_that_is_not_ours_is_one_clear_line(host: str) -> None:
    with pytest.raises(CommandError) as refused:
        listen(host, 0)
    assert refused.value.code is ExitCode.USAGE
    assert refused.value.message.startswith(f"--host: {host} is no address of this machine")


def test_the_url_is_one_that_a_browser_here_can_open() -> None:
    with listen("0.0.0.0", 0) as everywhere:  # noqa: S104 - what is tested
        port = everywhere.getsockname()[1]
        assert url_of(everywhere) == f"http://127.0.0.1:{port}"
        socket.create_connection(("127.0.0.1", port)).close()


def test_an_ipv6_url_has_brackets() -> None:
    with listen("::1", 0) as listener:
        assert url_of(listener) == f"http://[::1]:{listener.getsockname()[1]}"
