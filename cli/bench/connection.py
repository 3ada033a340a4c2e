"""One client's connection to an endpoint, kept open from request to request as clients of an API do."""

from __future__ import annotations

import http.client
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import msgspec

from cli.endpoint import Endpoint

COLD_START: Final = "x-cold-start"
_TIMEOUT_S: Final = 35
"""API Gateway ends a request after 29 s."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what came back. ``status`` 0: no answer, and ``code`` says why in a word.

    ``code`` of a bad answer is the endpoint's own word, of a good one it is ``ok``.
    """

    status: int
    code: str
    ms: float
    is_cold: bool
    body: bytes


class _Refusal(msgspec.Struct, frozen=True):
    code: str


class Connection:
    """Opened with the first request. Not for several threads."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._base = urlsplit(endpoint.url).path
        self._open: http.client.HTTPConnection | None = None

    def __enter__(self) -> Self:
        """Nothing yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close."""
        self._close()

    def post(self, path: str, body: bytes) -> Exchange:
        """Send one JSON request. Never raises for what the endpoint does."""
        begun = time.perf_counter()
        try:
            response = self._send(path, body)
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            self._close()
            return Exchange(0, type(error).__name__, _since(begun), is_cold=False, body=b"")
        is_cold = response.headers.get(COLD_START) == "1"
        return Exchange(response.status, _code(response.status, content), _since(begun), is_cold, content)

    def _send(self, path: str, body: bytes) -> http.client.HTTPResponse:
        """A connection that was kept open may have been closed by the other side meanwhile: then once more."""
        headers = {"accept": "application/json", "content-type": "application/json"}
        headers |= self._endpoint.credentials.added("POST", self._endpoint.url + path, headers, body)
        if self._open is not None:
            try:
                return self._exchange(self._open, path, body, headers)
            except ConnectionError:  # http.client.RemoteDisconnected is one
                self._close()
        self._open = self._open or _connect(self._endpoint.url)
        return self._exchange(self._open, path, body, headers)

    def _exchange(
        self, connection: http.client.HTTPConnection, path: str, body: bytes, headers: dict[str, str]
    ) -> http.client.HTTPResponse:
        connection.request("POST", self._base + path, body, headers)
        return connection.getresponse()

    def _close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


def _connect(url: str) -> http.client.HTTPConnection:
    """To the endpoint; where it is HTTPS, through the proxy that the environment names for it."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "http":
        return http.client.HTTPConnection(host, parts.port, timeout=_TIMEOUT_S)
    proxy = None if proxy_bypass(host) else getproxies().get("https")
    if proxy is None:
        return http.client.HTTPSConnection(host, parts.port, timeout=_TIMEOUT_S)
    through = urlsplit(proxy)
    connection = http.client.HTTPSConnection(through.hostname or "", through.port, timeout=_TIMEOUT_S)
    connection.set_tunnel(host, parts.port)
    return connection


def _code(status: int, body: bytes) -> str:
    if status < 400:
        return "ok"
    try:
        return msgspec.json.decode(body, type=_Refusal).code
    except msgspec.DecodeError:  # API Gateway's own errors have no code
        return http.client.responses.get(status, "unknown")


def _since(begun: float) -> float:
    return (time.perf_counter() - begun) * 1000
