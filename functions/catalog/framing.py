"""What surrounds every control-plane answer: the request's id, safe headers, and the one error shape."""

from __future__ import annotations

import uuid
from typing import Final

from fastapi import FastAPI, Request, Response
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serin.errors import MethodNotAllowed, NotFound, SerinError
from serin.rest import error_response

_DEFAULTS: Final = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def request_id_of(scope: Scope) -> str:
    """The id that the shell gave the request, or one of our own."""
    state: dict[str, str] = scope.setdefault("state", {})
    return state.setdefault("request_id", str(uuid.uuid4()))


def frame(app: FastAPI) -> None:
    """Give every answer of ``app`` its headers, and every failure the one error shape."""
    app.add_middleware(_Framing)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(SerinError, _on_failure)
    app.add_exception_handler(Exception, _on_failure)


class _Framing:
    """Adds the headers that an answer does not set itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = request_id_of(scope)

        async def send_framed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in (_DEFAULTS | {"x-request-id": request_id}).items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_framed)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    """The router's own refusals: no such path, or no such method on it."""
    allowed = (getattr(error, "headers", None) or {}).get("Allow")
    if allowed is None:
        return _failure(request, NotFound("no such route; /docs lists them all"))
    return _failure(request, MethodNotAllowed(allowed))


async def _on_failure(request: Request, error: Exception) -> Response:
    return _failure(request, error)


def _failure(request: Request, error: Exception) -> Response:
    answer = error_response(error, request_id_of(request.scope))
    return Response(answer.body, answer.status, dict(answer.headers))
