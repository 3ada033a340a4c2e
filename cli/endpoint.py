"""An endpoint over HTTP, on loopback or behind API Gateway, with the standard library alone."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import urlsplit

import msgspec

from cli.credentials import Credentials
from cli.outcome import CommandError, ExitCode

_TIMEOUT_S: Final = 35
"""API Gateway ends a request after 29 s."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body of an answer."""

    status: int
    body: bytes


def _build_opener() -> urllib.request.OpenerDirector:
    """Everything but redirects: following one would carry the key to another host."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPErrorProcessor,
        urllib.request.HTTPDefaultErrorHandler,
    ):
        opener.add_handler(handler())
    return opener


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where models answer. ``url`` has no slash at its end."""

    url: str
    credentials: Credentials

    @classmethod
    def at(cls, url: str, credentials: Credentials) -> Self:
        """Check what the user gave.

        Raises:
            CommandError: not an http(s) URL.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise CommandError(ExitCode.USAGE, "--url: expected something like https://host or http://host:port/stage")
        return cls(url.rstrip("/"), credentials)

    def get(self, path: str) -> bytes:
        """Body of a good answer to ``GET``.

        Raises:
            CommandError: unreachable, failing, or refusing; with what the endpoint says.
        """
        return self._send("GET", path, None)

    def post(self, path: str, body: bytes) -> bytes:
        """Body of a good answer to ``POST`` of a JSON ``body``.

        Raises:
            CommandError: unreachable, failing, or refusing; with what the endpoint says.
        """
        return self._send("POST", path, body)

    def _send(self, method: str, path: str, body: bytes | None) -> bytes:
        headers = {"accept": "application/json"}
        if body is not None:
            headers["content-type"] = "application/json"
        url = self.url + path
        headers |= self.credentials.added(method, url, headers, body)
        request = urllib.request.Request(url, body, headers, method=method)  # noqa: S310 - the scheme was checked above
        try:
            with _build_opener().open(request, timeout=_TIMEOUT_S) as response:
                good: bytes = response.read()
                return good
        except urllib.error.HTTPError as error:
            with error:
                raise self._refusal(error.code, error.read()) from None
        except (OSError, http.client.HTTPException) as error:
            cause = error.reason if isinstance(error, urllib.error.URLError) else error
            reason = (cause.strerror if isinstance(cause, OSError) else None) or cause
            raise CommandError(ExitCode.UNREACHABLE, f"{self.url} cannot be reached: {reason}") from None

    def _refusal(self, status: int, body: bytes) -> CommandError:
        code = ExitCode.UNREACHABLE if status >= 500 else ExitCode.REFUSED
        return CommandError(code, refusal(status, body, self.url))


def refusal(status: int, body: bytes, source: str) -> str:
    """One line for a bad answer: what ``source`` says itself, or failing that its status."""
    try:
        said = msgspec.json.decode(body)
    except msgspec.DecodeError:
        said = None
    if not isinstance(said, dict):
        return f"{source} answers {status} and no JSON; is it a Serin endpoint?"
    # API Gateway's own errors have `message`.
    text = said.get("error") or said.get("message") or json.dumps(said)
    request = f" (request {said['request_id']})" if said.get("request_id") else ""
    return f"{text} [{status} {said.get('code', http.client.responses.get(status, 'unknown'))}]{request}"
