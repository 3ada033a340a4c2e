"""Both planes in one process, for a laptop and for any container: a thin shell around ``serin.rest``.

Source: the ASGI specification, HTTP connection scope.
"""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from functions.catalog.app import create_app
from functions.catalog.catalog import ModelStatus, Share
from functions.catalog.pace import Pace
from serin.errors import DeadlineExceeded, MalformedRequest, ModelNotReady, SerinError
from serin.headers import join_headers
from serin.manifest import Manifest
from serin.observability import Observer
from serin.rest import MAX_BODY_BYTES, DataPlane, Request, Response, canonical_path, is_data_plane
from serin.service import Service

REQUEST_SECONDS: Final = 29
"""Longest time for an answer, queueing included; what API Gateway grants. A model's own time-out may be shorter."""

BODY_SECONDS: Final = 30
"""Longest time for a body to arrive."""

IN_FLIGHT: Final = 64
"""Most requests at once, waiting ones included. With the largest bodies they hold 256 MiB."""

SMALL_BYTES: Final = 16 * 1024
"""Largest body that is answered on the event loop: a few rows."""

AT_ONCE_SECONDS: Final = 0.05
"""Longest time that the event loop waits for a model which was quick until now; then a thread begins anew."""

_WORKERS: Final = max(4, os.cpu_count() or 1)


class ServiceCatalog:
    """The catalogue of the models in this very process."""

    def __init__(self, service: Service) -> None:
        self._models = service.models

    def manifests(self) -> Sequence[Manifest]:
        return [model.manifest for model in self._models.values()]

    def status(self) -> Mapping[str, ModelStatus]:
        """All are ready: a service exists only once its models are loaded."""
        return {
            name: ModelStatus(ready=True, serving=(Share(version=model.version, weight=1.0),))
            for name, model in self._models.items()
        }


def create_asgi(service: Service, observer: Observer) -> Planes:
    """One ASGI application: the models' paths to the data plane, all others to the control plane."""
    return Planes(DataPlane(service, observer), create_app(ServiceCatalog(service)), service.models)


class _Disconnected(Exception):
    """The client has gone; nobody waits for an answer."""


class Planes:
    """Both planes as one application."""

    def __init__(self, data_plane: DataPlane, control_plane: ASGIApp, models: Iterable[str]) -> None:
        self._data_plane = data_plane
        self._control_plane = control_plane
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="model")
        self._in_flight = 0
        # The paths that models are asked on, as clients usually write them: those need no decoding.
        paths = [route for name in models for route in (f"/models/{name}/predict", f"/v2/models/{name}/infer")]
        self._paces = {path: Pace() for path in paths}
        self._plain = {path.encode(): path for path in paths}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._control_plane(scope, receive, send)
            return
        path = self._plain.get(scope.get("raw_path") or b"") or _path(scope)
        if not is_data_plane(path):
            # The control plane's paths have nothing to decode, so an encoded one is none of them.
            encoded = scope.get("root_path", "") + path
            await self._control_plane({**scope, "path": encoded}, receive, send)
            return
        try:
            response = await self._answer(scope, path, receive)
            await _send(response, send)
        except (_Disconnected, OSError):
            return

    def at_once(self, scope: Scope, body: bytes) -> Response | None:
        """The answer to a whole request made here and now, where it may be expected to be quick.

        For a server that can do without ASGI's messages; None is what it then is to ask for with them.
        """
        path = self._plain.get(scope["raw_path"])
        if path is None or scope["method"] != "POST" or not self._may_be_quick(path, body):
            return None
        try:
            return self._attempt(_request(scope, path, body, str(uuid.uuid4())))
        except SerinError:  # refused on the other way, with a line of its own
            return None

    async def _answer(self, scope: Scope, path: str, receive: Receive) -> Response:
        request_id = str(uuid.uuid4())
        if self._in_flight >= IN_FLIGHT:
            return self._data_plane.refuse(ModelNotReady("the server is at its limit; try again"), request_id)
        self._in_flight += 1
        try:
            body = await _read_body(receive)
            request = _request(scope, path, body, request_id)
            if self._may_be_quick(path, body) and (response := self._attempt(request)) is not None:
                return response
            return await self._in_a_thread(request, receive)
        except SerinError as error:
            return self._data_plane.refuse(error, request_id)
        finally:
            self._in_flight -= 1

    def _may_be_quick(self, path: str, body: bytes) -> bool:
        pace = self._paces.get(path)
        return pace is not None and pace.is_quick and len(body) <= SMALL_BYTES

    def _attempt(self, request: Request) -> Response | None:
        """The answer made on the event loop; None where the model was not quick after all."""
        in_time = msgspec.structs.replace(request, deadline=time.monotonic() + AT_ONCE_SECONDS)
        begun = time.thread_time()
        attempt = self._data_plane.attempt(in_time)
        if attempt.record.code == DeadlineExceeded.code:
            self._paces[request.path].note(AT_ONCE_SECONDS)
            return None
        self._paces[request.path].note(time.thread_time() - begun)
        return self._data_plane.finish(attempt)

    async def _in_a_thread(self, request: Request, receive: Receive) -> Response:
        """Answer in a worker, so that a long model keeps nobody else waiting; give up a queued one when its
        client leaves.
        """
        answer = asyncio.get_running_loop().run_in_executor(self._workers, self._work, request)
        gone = asyncio.ensure_future(_disconnect(receive))
        either: set[asyncio.Future[Any]] = {answer, gone}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                answer.cancel()
                raise _Disconnected
            return answer.result()
        finally:
            gone.cancel()

    def _work(self, request: Request) -> Response:
        begun = time.thread_time()
        response = self._data_plane(request)
        pace = self._paces.get(request.path)
        if pace is not None and len(request.body) <= SMALL_BYTES:
            pace.note(time.thread_time() - begun)
        return response


def _request(scope: Scope, path: str, body: bytes, request_id: str) -> Request:
    """Raises ``MalformedRequest`` where headers contradict one another."""
    return Request(
        method=scope["method"],
        path=path,
        headers=join_headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]),
        body=body,
        request_id=request_id,
        deadline=time.monotonic() + REQUEST_SECONDS,
    )


def _path(scope: Scope) -> str:
    """The path below the prefix, in the one encoding that routes are matched on."""
    raw: bytes | None = scope.get("raw_path")
    path = canonical_path(scope["path"] if raw is None else raw.decode("latin-1"))
    return path.removeprefix(scope.get("root_path", ""))


async def _read_body(receive: Receive) -> bytes:
    """The body, cut one byte over the limit: enough for the data plane to refuse it, and not more to hold.

    Raises:
        MalformedRequest: it did not arrive in time.
        _Disconnected: the client left before its end.
    """
    chunks: list[bytes] = []
    left = MAX_BODY_BYTES + 1
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while left:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _Disconnected
                chunks.append(message.get("body", b"")[:left])
                left -= len(chunks[-1])
                if not message.get("more_body", False):
                    break
    except TimeoutError:
        raise MalformedRequest("the body did not arrive in time") from None
    return b"".join(chunks)


async def _disconnect(receive: Receive) -> None:
    """Return when the client leaves. The rest of a body that was cut is not read."""
    message = await receive()
    if message["type"] != "http.disconnect":
        await asyncio.Event().wait()


async def _send(response: Response, send: Send) -> None:
    headers = dict(response.headers) | {"content-length": str(len(response.body))}
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": encoded})
    await send({"type": "http.response.body", "body": response.body})
