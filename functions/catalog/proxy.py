"""API Gateway proxy events through Mangum to a FastAPI application.

What an event holds is read and checked by ``serin.apigateway``, as for the data plane; Mangum is given the checked
request and no event, so nothing in an event can make it raise or answer for one that is no HTTP request.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final, NoReturn, cast
from urllib.parse import urlencode

from fastapi import FastAPI
from mangum import Mangum, types

from functions.catalog.releases.queries import SIGNED
from serin.apigateway import Handler, LambdaContext, proxy_response, read_event, request_id_of
from serin.errors import NO_SUCH_MODEL, MalformedRequest, ModelNotFound
from serin.observability import Observer, ObserverSettings
from serin.rest import DataPlane, Request, Response, is_data_plane

_PREFIX: Final = re.compile(r"(/[A-Za-z0-9_-]+)*")


def build_handler(app: FastAPI) -> Handler:
    """The callable that Lambda invokes. It never raises for what an event holds."""
    mangum = Mangum(app, lifespan="off", custom_handlers=[_Exchange])
    # API Gateway sends the served models' paths to their functions; what of the data plane comes here is none.
    data_plane = DataPlane(_NoModels(), Observer(ObserverSettings(service="catalog")))

    def handle(event: object, context: LambdaContext) -> dict[str, Any]:
        request_id = request_id_of(event, context.aws_request_id)
        try:
            request = read_event(event, request_id, deadline=math.inf)  # nothing here runs a model
        except MalformedRequest as error:
            return proxy_response(data_plane.refuse(error, request_id))
        if is_data_plane(request.path):
            return proxy_response(data_plane(request))
        root = _prefix(_full_path(event), request.path)
        exchange = {"request": request, "root": root, "query": _query(event), SIGNED: _is_signed(event)}
        return mangum(exchange, cast("types.LambdaContext", context))

    return handle


class _NoModels:
    """The models of this process."""

    def model(self, name: str, version: str | None = None) -> NoReturn:  # noqa: ARG002 - there is none at all
        raise ModelNotFound(NO_SUCH_MODEL)


class _Exchange:
    """How Mangum sees a checked request, and what API Gateway gets for the answer."""

    @classmethod
    def infer(cls, *_: Any) -> bool:
        """Every request that got here is one."""
        return True

    def __init__(self, *args: Any) -> None:
        self._request: Request = args[0]["request"]
        self._root: str = args[0]["root"]
        self._query: bytes = args[0]["query"]
        self._is_signed: bool = args[0][SIGNED]

    @property
    def body(self) -> bytes:
        return self._request.body

    @property
    def scope(self) -> types.Scope:
        request = self._request
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "https",  # API Gateway serves nothing else
            # Still encoded: the control plane's paths have nothing to decode, so an encoded one is none of them.
            "path": self._root + request.path,
            "raw_path": (self._root + request.path).encode("ascii"),
            "root_path": self._root,
            "query_string": self._query,
            "headers": [
                (name.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
                for name, value in request.headers.items()
            ],
            "state": {"request_id": request.request_id, SIGNED: self._is_signed},
        }

    def __call__(self, response: types.Response) -> dict[str, Any]:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in response["headers"]}
        return proxy_response(Response(response["status"], headers, response["body"]))


def _query(event: object) -> bytes:
    """The query, which API Gateway tells decoded: what is text of it, each value of a name by itself."""
    found = event.get("multiValueQueryStringParameters") if isinstance(event, Mapping) else None
    query = found if isinstance(found, Mapping) else {}
    pairs = [
        (name, value)
        for name, values in query.items()
        for value in (values if isinstance(values, list) else ())
        if isinstance(name, str) and isinstance(value, str)
    ]
    return urlencode(pairs, errors="replace").encode()


def _is_signed(event: object) -> bool:
    """Whether API Gateway has checked a signature: only then it tells whose. No header of a client becomes that."""
    context = event.get("requestContext") if isinstance(event, Mapping) else None
    identity = context.get("identity") if isinstance(context, Mapping) else None
    caller = identity.get("userArn") if isinstance(identity, Mapping) else None
    return isinstance(caller, str) and caller != ""


def _full_path(event: object) -> str:
    """The path with its stage, as API Gateway tells it beside the path without."""
    context = event.get("requestContext") if isinstance(event, Mapping) else None
    path = context.get("path") if isinstance(context, Mapping) else None
    return path if isinstance(path, str) else ""


def _prefix(full_path: str, path: str) -> str:
    """What stands before ``path``: `/dev` for `/dev/docs` and `/docs`; nothing where it does not look like that."""
    suffix, whole = path.rstrip("/"), full_path.rstrip("/")
    prefix = whole.removesuffix(suffix) if whole.endswith(suffix) else ""
    return prefix if _PREFIX.fullmatch(prefix) else ""
