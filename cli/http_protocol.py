"""HTTP/1.1 for uvicorn that answers quick models as soon as their request has been read.

uvicorn makes a task for every request, in which the application reads messages and sends messages. For a model that
takes microseconds that costs twice what all the rest does. So a request that came whole in one packet is first offered
to the application as it is; what the application does not answer at once goes uvicorn's way.
"""

from __future__ import annotations

from typing import Any, Protocol, cast

from starlette.types import Scope
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from serin.rest import Response


class QuickApp(Protocol):
    """An application that can answer some requests without messages."""

    def at_once(self, scope: Scope, body: bytes) -> Response | None:
        """The answer to a whole request, in no time; None where it is to come as an ASGI application's."""


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's protocol, for a ``QuickApp``."""

    def __init__(self, config: Config, server_state: ServerState, app_state: dict[str, Any], **others: Any) -> None:
        super().__init__(config, server_state, app_state, **others)
        self._at_once = cast("QuickApp", config.app).at_once
        self._reading = False
        self._unread: tuple[RequestResponseCycle, Any] | None = None

    def data_received(self, data: bytes) -> None:
        self._reading = True
        try:
            super().data_received(data)
        finally:
            self._reading = False
            if unread := self._take():
                super()._start_asgi_task(*unread)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        unread = self._take()
        if unread and not self._answer(unread[0]):
            super()._start_asgi_task(*unread)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Called when the head has been read; the body is often in the same packet."""
        if self._reading and cycle.more_body:
            self._unread = (cycle, app)
        else:
            super()._start_asgi_task(cycle, app)

    def _take(self) -> tuple[RequestResponseCycle, Any] | None:
        """The request that is not whole yet."""
        unread, self._unread = self._unread, None
        return unread

    def _answer(self, cycle: RequestResponseCycle) -> bool:
        if self.flow.write_paused or self.transport.is_closing():
            return False
        response = self._at_once(cast("Scope", cycle.scope), bytes(cycle.body))
        if response is None:
            return False
        head = [f"{name}: {value}\r\n" for name, value in response.headers.items()]
        head.append(f"content-length: {len(response.body)}\r\n")
        head.append("\r\n" if cycle.keep_alive else "connection: close\r\n\r\n")
        pieces = [STATUS_LINE[response.status]]
        pieces += [b"%b: %b\r\n" % header for header in cycle.default_headers]
        pieces += ("".join(head).encode("latin-1"), response.body)
        cycle.response_started = cycle.response_complete = True
        self.transport.write(b"".join(pieces))
        if not cycle.keep_alive:
            self.transport.close()
        self.on_response_complete()
        return True
