"""`serin serve`: every model of a folder over HTTP, until a signal ends it."""

from __future__ import annotations

import json
import shlex
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from cli.listener import listen, url_of
from cli.models import load_models
from cli.outcome import ExitCode
from serin.model_folder import find_model_folders

if TYPE_CHECKING:
    from serin.manifest import Manifest
    from serin.service import Model

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
AsgiApp = Callable[[_Message, _Receive, _Send], Awaitable[None]]

_LONGEST_ARGUMENT: Final = 100_000
"""Bytes; Linux takes 128 KiB in one argument."""


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """Where the models are and where they are served; port 0 takes any free one."""

    models: Path
    host: str
    port: int
    reload: bool


class Swappable:
    """An ASGI application that another can take the place of between two requests."""

    def __init__(self, current: AsgiApp) -> None:
        self.current = current

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        await self.current(scope, receive, send)


def serve(options: ServeOptions) -> None:
    """Take the port, load the models, say where they are, and answer until SIGINT or SIGTERM.

    Raises:
        CommandError: the port or the host cannot be had.
        ModelFolderError: a model cannot be served; names the file and the field.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    with closing(listen(options.host, options.port)) as listener:
        _load_and_run(options, listener)


def curl_line(url: str, manifest: Manifest) -> str:
    """One physical line for a shell that asks the model for a prediction of its own example."""
    from serin.openapi import example_request

    body = shlex.quote(json.dumps(example_request(manifest), separators=(",", ":")))
    if len(body) > _LONGEST_ARGUMENT:
        return f"# its example is too long for a command line; {url}/docs has it"
    return f"curl -sS {url}/models/{manifest.name}/predict -H 'content-type: application/json' -d {body}"


def _load_and_run(options: ServeOptions, listener: socket.socket) -> None:
    from functions.catalog.asgi import create_asgi

    from cli.reload import Reloader, fingerprints
    from serin.observability import Observer, ObserverSettings
    from serin.service import Service

    folders = find_model_folders(options.models)
    judged = fingerprints(options.models)
    loaded = load_models(folders)
    observer = Observer(ObserverSettings(stream=sys.stderr))
    app = Swappable(create_asgi(Service(loaded.values()), observer))
    if options.reload:

        def publish(service: Service) -> None:
            app.current = create_asgi(service, observer)

        Reloader(options.models, loaded, judged, publish=publish, report=_report).start()
    print(_welcome(url_of(listener), loaded.values()), flush=True)
    _run(app, listener, drain_s=max(model.manifest.serving.timeout_seconds for model in loaded.values()) + 1)


def _run(app: AsgiApp, listener: socket.socket, *, drain_s: int) -> None:
    import uvicorn

    config = uvicorn.Config(
        app,
        http="httptools",
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_level="error",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=drain_s,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _welcome(url: str, models: Iterable[Model]) -> str:
    lines = [f"Serin serves {url}", f"  {url}/docs shows the models and tries them in a browser", ""]
    for model in models:
        lines += [f"{model.name} {model.version}  {model.manifest.title}".rstrip(), curl_line(url, model.manifest), ""]
    lines.append("Ctrl-C stops it.")
    return "\n".join(lines)


def _report(line: str) -> None:
    print("serin:", line, file=sys.stderr, flush=True)


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(ExitCode.OK)
