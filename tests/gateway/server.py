"""API Gateway's REST API, and what of AWS's own API the catalogue asks, on loopback, in front of functions under the
real emulator.

It routes and translates; it validates, throttles and caches nothing.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Final, Protocol, Self
from urllib.parse import unquote, urlsplit

import msgspec

from local.errors import InvocationTimedOut, LocalError
from local.ports import LOOPBACK
from local.rie import PAYLOAD_LIMIT, Invocation
from tests.gateway.control import PARAMETERS_TARGET, Published, read_function, read_parameters
from tests.gateway.events import BAD_GATEWAY, HttpRequest, HttpResponse, http_response, proxy_event

BODY_LIMIT: Final = 10 * 1024 * 1024
"""API Gateway's largest body, bytes."""

_MODEL: Final = re.compile(r"(?:/v2)?/models/([^/]+)(?:/.*)?")
_INVOKE: Final = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")
_LAMBDA: Final = "/2015-03-31/"
_TARGET: Final = ("x-amz-target", PARAMETERS_TARGET)
_JSON: Final = ("Content-Type", "application/json")
_TOO_LONG: Final = HttpResponse(413, (_JSON,), b'{"message": "Request Too Long"}')


class Slot(Protocol):
    """A function that takes one call at a time; calls at once wait for one another."""

    def invoke(self, payload: bytes) -> Invocation: ...


@dataclass(frozen=True, slots=True)
class Routes:
    """``models``: the function of each model, by the model's name. ``catalog``: the function of all other paths.

    ``names``: the models' names by the names that their functions have in AWS's API. ``published``: each of these
    functions' versions, by the same names.
    """

    models: Mapping[str, Slot]
    catalog: Slot
    names: Mapping[str, str]
    published: Mapping[str, Published] = field(default_factory=dict)


class Gateway:
    """The server, from ``with`` to the end of its block. ``routes`` may be set after the start.

    The catalogue function is told the gateway's address before it starts, so the address comes first.
    """

    def __init__(self) -> None:
        self.routes: Routes | None = None
        self._server = _Server((LOOPBACK, 0), _Handler)
        self._server.gateway = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """Without a slash at its end."""
        return f"http://{LOOPBACK}:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        """Listen."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, request: HttpRequest, source_ip: str) -> HttpResponse:
        """Call the function that ``request`` is for."""
        if self.routes is None:
            return BAD_GATEWAY
        path = urlsplit("//gateway" + request.target).path
        if function := _INVOKE.fullmatch(path):
            return self._invoke(self.routes, unquote(function[1]), request.body)
        if path.startswith(_LAMBDA):
            found = read_function(path, self.routes.published)
            return _refusal(404, "ResourceNotFoundException") if found is None else HttpResponse(200, (_JSON,), found)
        if _TARGET in {(name.lower(), value) for name, value in request.headers}:
            return HttpResponse(200, (_JSON,), read_parameters(request.body, self.routes.names))
        if len(request.body) > BODY_LIMIT:
            return _TOO_LONG
        model = _MODEL.fullmatch(path)
        slot = self.routes.models.get(unquote(model[1])) if model else None
        event = msgspec.json.encode(proxy_event(request, source_ip))
        try:
            return http_response((slot or self.routes.catalog).invoke(event).payload)
        except LocalError:  # over Lambda's limit, out of time, or gone
            return BAD_GATEWAY

    def _invoke(self, routes: Routes, function: str, payload: bytes) -> HttpResponse:
        """Lambda's Invoke API. Source: AWS Lambda API reference, Invoke."""
        model = routes.names.get(function.rsplit(":function:", 1)[-1].split(":")[0])
        if model is None:
            return _refusal(404, "ResourceNotFoundException")
        if len(payload) > PAYLOAD_LIMIT:
            return _refusal(413, "RequestTooLargeException")
        try:
            invocation = routes.models[model].invoke(payload)
        except InvocationTimedOut as error:
            return _function_error(msgspec.json.encode({"errorMessage": error.message}))
        if invocation.status != 200 or _is_fault(invocation.payload):
            return _function_error(invocation.payload)
        return HttpResponse(200, (_JSON, ("X-Amz-Executed-Version", "$LATEST")), invocation.payload)


def _refusal(status: int, kind: str) -> HttpResponse:
    return HttpResponse(status, (_JSON, ("x-amzn-ErrorType", kind)), msgspec.json.encode({"message": kind}))


def _is_fault(payload: bytes) -> bool:
    """Whether the function raised: the emulator tells it by the answer alone."""
    answer = msgspec.json.decode(payload)
    return isinstance(answer, dict) and "errorType" in answer


def _function_error(payload: bytes) -> HttpResponse:
    return HttpResponse(200, (_JSON, ("X-Amz-Function-Error", "Unhandled")), payload)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    gateway: Gateway


class _Handler(BaseHTTPRequestHandler):
    """One connection. ``server`` is a ``_Server``."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def _proxy(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        target = self.requestline.split()[1]  # `path` has lost a doubled slash
        request = HttpRequest(self.command, target, tuple(self.headers.items()), body)
        self._send(self.server.gateway.answer(request, self.client_address[0]))

    def __getattr__(self, name: str) -> Callable[[], None]:
        """The base class looks for one method a verb."""
        if name.startswith("do_"):
            return self._proxy
        raise AttributeError(name)

    def _send(self, response: HttpResponse) -> None:
        self.send_response_only(response.status)
        for name, value in response.headers:
            if name.lower() != "content-length":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Tests print nothing."""
