"""Requests answered while they are read, and those that go uvicorn's way, on one wire."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest
from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import ServerState

from cli.http_protocol import HttpProtocol
from serin.rest import Response


class Wire(asyncio.Transport):
    """A transport that keeps what is written to it, piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[bytes] = []
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.pieces.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        """A wire of a test is never read too fast."""

    def resume_reading(self) -> None:
        """The same."""


class Echo:
    """Answers with the body; at once where the body says ``quick``. ``asked``: how, in the order of the requests."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def at_once(self, _scope: Scope, body: bytes) -> Response | None:
        if not body.startswith(b"quick"):
            return None
        self.asked.append("at once")
        return Response(200, {"content-type": "text/plain"}, body)

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.append("by messages")
        body = b""
        while True:
            message = await receive()
            body += message["body"]
            if not message["more_body"]:
                break
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def request(body: bytes, *headers: bytes, version: bytes = b"1.1") -> bytes:
    lines = [b"POST / HTTP/" + version, b"host: here", b"content-length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def answer(body: bytes, *more: bytes) -> bytes:
    lines = [b"HTTP/1.1 200 OK", b"content-type: text/plain", b"content-length: %d" % len(body), *more]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def exchange(*packets: bytes) -> tuple[bytes, Wire, Echo]:
    """What the protocol says to ``packets``, each of which comes when the ones before it have been dealt with."""

    async def talk() -> tuple[bytes, Wire, Echo]:
        wire, app = Wire(), Echo()
        config = Config(app, proxy_headers=False, log_level="error", access_log=False)
        protocol = HttpProtocol(config, ServerState(), {})
        protocol.connection_made(wire)
        for packet in packets:
            protocol.data_received(packet)
            for _ in range(10):
                await asyncio.sleep(0)
        protocol.connection_lost(None)
        return b"".join(wire.pieces), wire, app

    return asyncio.run(talk())


def test_a_whole_request_is_answered_in_one_piece() -> None:
    said, wire, app = exchange(request(b"quick"))
    assert said == answer(b"quick")
    assert (len(wire.pieces), wire.closed, app.asked) == (1, True, ["at once"])  # closed: the client has left


ENDINGS: Final[dict[str, tuple[bytes, ...]]] = {
    "nothing": (),
    "close": (b"connection: close",),
    "keep-alive": (b"connection: keep-alive",),
    "expect": (b"expect: 100-continue",),
}


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_the_answer_is_what_uvicorn_makes_of_the_same(ending: str, version: bytes) -> None:
    def said(body: bytes) -> bytes:
        return exchange(request(body, *ENDINGS[ending], version=version))[0].removeprefix(
            b"HTTP/1.1 100 Continue\r\n\r\n"
        )

    quick, slow = said(b"quick"), said(b"slow!")
    assert quick.replace(b"quick", b"slow!") == slow


@pytest.mark.parametrize("cut", [1, 30, 60, -4, -1])
def test_a_request_in_two_packets_is_read_by_messages(cut: int) -> None:
    whole = request(b"quick")
    said, _, app = exchange(whole[:cut], whole[cut:])
    assert said == answer(b"quick")
    head = whole.index(b"\r\n\r\n") + 4
    assert app.asked == ["by messages" if head <= cut % len(whole) else "at once"]


@pytest.mark.parametrize("order", ["qqq", "sss", "qsq", "sqs", "qqs", "ssq"])
@pytest.mark.parametrize("split", [1, 2, 7])
def test_pipelined_requests_are_answered_in_their_order(order: str, split: int) -> None:
    bodies = [{"q": b"quick", "s": b"slow"}[kind] + b"%d" % number for number, kind in enumerate(order)]
    stream = b"".join(map(request, bodies))
    size = len(stream) // split + 1
    said, _, app = exchange(*(stream[i : i + size] for i in range(0, len(stream), size)))
    assert said == b"".join(map(answer, bodies))
    assert len(app.asked) == len(order)


def test_what_is_no_http_is_refused_as_ever() -> None:
    said, wire, app = exchange(b"quick\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 400 ")
    assert (wire.closed, app.asked) == (True, [])
