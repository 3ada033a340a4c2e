"""What leaves in one piece, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from cli.whole_answers import WholeAnswers


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


async def _nothing(scope: Any, receive: Any, send: Any) -> None:
    """An application that is never asked."""


def on_a_wire(work: Callable[[asyncio.Transport, Wire], None]) -> Wire:
    """Let ``work`` write to the protocol's transport within one turn of the event loop, then let a turn go by."""

    async def turns() -> Wire:
        wire = Wire()
        protocol = WholeAnswers(Config(_nothing), ServerState(), {})
        protocol.connection_made(wire)
        work(protocol.transport, wire)
        await asyncio.sleep(0)
        return wire

    return asyncio.run(turns())


def test_head_and_body_leave_together_and_at_once() -> None:
    def work(transport: asyncio.Transport, wire: Wire) -> None:
        transport.write(b"head ")
        assert wire.pieces == []
        transport.write(b"body")
        assert wire.pieces == [b"head body"]

    assert on_a_wire(work).pieces == [b"head body"]


def test_a_piece_that_nothing_follows_leaves_with_the_next_turn() -> None:
    assert on_a_wire(lambda transport, _: transport.write(b"head")).pieces == [b"head"]


def test_a_transport_that_closes_keeps_nothing_back() -> None:
    def work(transport: asyncio.Transport, wire: Wire) -> None:
        transport.write(b"head")
        transport.close()
        assert (wire.pieces, wire.closed) == ([b"head"], True)
        assert transport.is_closing()

    assert on_a_wire(work).pieces == [b"head"]


def test_every_answer_of_several_is_whole_and_in_its_place() -> None:
    def work(transport: asyncio.Transport, _: Wire) -> None:
        for piece in (b"1", b"2", b"3", b"4", b"5"):
            transport.write(piece)

    assert on_a_wire(work).pieces == [b"12", b"34", b"5"]
