"""The data plane in this process, as the pure function and as the Lambda handler, and the lines it writes."""

from __future__ import annotations

import importlib
import io
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import pytest

from serin.apigateway import Handler
from serin.errors import MalformedRequest
from serin.headers import join_headers
from serin.observability import Observer, ObserverSettings
from serin.rest import DataPlane, Request, canonical_path
from serin.service import Service
from tests.gateway.events import HttpRequest, http_response, proxy_event

REQUEST_ID: Final = "1b2c3d4e-request"
SECONDS: Final = 5.0
"""What a request has, where a test says nothing else."""


@dataclass(frozen=True)
class Answer:
    """``headers``: lower-case names. ``lines``: what was written for this request."""

    status: int
    headers: dict[str, str]
    body: bytes
    lines: list[str]

    @property
    def document(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed

    @property
    def text(self) -> str:
        """Everything that anybody gets to see of the request."""
        return self.body.decode("utf-8", "replace") + repr(self.headers) + "".join(self.lines)


class Shell(Protocol):
    """One way in. ``send`` never raises, as little as the data plane does."""

    def send(self, request: HttpRequest, seconds: float = SECONDS) -> Answer: ...


class _Recorder:
    """The stream that a data plane writes to."""

    def __init__(self, service: Service) -> None:
        self._stream = io.StringIO()
        self.plane = DataPlane(service, Observer(ObserverSettings(stream=self._stream)))

    def lines_of(self, act: Callable[[], Any]) -> tuple[Any, list[str]]:
        before = self._stream.tell()
        result = act()
        self._stream.seek(before)
        return result, self._stream.read().splitlines()


class RestShell:
    """``serin.rest`` as it is; unreadable headers are refused as every shell refuses them."""

    def __init__(self, service: Service) -> None:
        self._recorder = _Recorder(service)

    def send(self, request: HttpRequest, seconds: float = SECONDS) -> Answer:
        response, lines = self._recorder.lines_of(lambda: self._respond(request, time.monotonic() + seconds))
        return Answer(response.status, dict(response.headers), response.body, lines)

    def _respond(self, request: HttpRequest, deadline: float) -> Any:
        plane = self._recorder.plane
        try:
            headers = join_headers(request.headers)
        except MalformedRequest as error:
            return plane.refuse(error, REQUEST_ID)
        path = canonical_path(request.target)
        return plane(Request(request.method, path, headers, request.body, REQUEST_ID, deadline))


@dataclass
class Context:
    """What Lambda tells of an invocation. ``ends``: ``time.monotonic()`` seconds."""

    ends: float
    aws_request_id: str = REQUEST_ID

    def get_remaining_time_in_millis(self) -> int:
        return int((self.ends - time.monotonic()) * 1000)


class LambdaShell:
    """The inference function's handler, given API Gateway's events. ``as_text``: bodies of UTF-8 travel as text."""

    def __init__(self, service: Service, build_handler: Callable[[DataPlane], Handler]) -> None:
        self._recorder = _Recorder(service)
        self._handler = build_handler(self._recorder.plane)

    def send(self, request: HttpRequest, seconds: float = SECONDS) -> Answer:
        event = proxy_event(request, "192.0.2.7")
        event["requestContext"]["requestId"] = REQUEST_ID
        return self.invoke(event, seconds)

    def invoke(self, event: object, seconds: float = SECONDS) -> Answer:
        """What the handler answers to ``event``, which may be anything at all."""
        context = Context(time.monotonic() + seconds)
        answer, lines = self._recorder.lines_of(lambda: self._handler(event, context))
        response = http_response(json.dumps(answer).encode())
        return Answer(response.status, {name.lower(): value for name, value in response.headers}, response.body, lines)


def import_build_handler(models: Path) -> Callable[[DataPlane], Handler]:
    """The handler module loads its models when it is imported: those in ``models``."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SERIN_MODELS_DIR", str(models))
        build: Callable[[DataPlane], Handler] = importlib.import_module("functions.inference.handler").build_handler
        return build
