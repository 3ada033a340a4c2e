"""`serin serve`: every model of a folder over HTTP, until a signal ends it."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from cli.listener import listen, url_of
from cli.models import load_models
from cli.outcome import ExitCode, one_line
from cli.progress import SHOW_CURSOR
from serin.model_folder import find_model_folders

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from functions.catalog.asgi import Planes
    from serin.rest import Response
    from serin.service import Model
    from serin.signer import Signer


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """Where the models are and where they are served; port 0 takes any free one. ``signer`` must have signed them."""

    models: Path
    host: str
    port: int
    reload: bool
    signer: Signer | None


class Swappable:
    """An application that another can take the place of between two requests."""

    def __init__(self, current: Planes) -> None:
        self.current = current

    def at_once(self, scope: Scope, body: bytes) -> Response | None:
        return self.current.at_once(scope, body)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
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


def _load_and_run(options: ServeOptions, listener: socket.socket) -> None:
    folders = find_model_folders(options.models)
    # What is slow to import comes after what can be refused quickly.
    from cli.reload import Reloader, fingerprints
    from serin.observability import Observer, ObserverSettings
    from serin.service import Service

    judged = fingerprints(options.models)
    loaded = load_models(folders, options.signer)
    from functions.catalog.asgi import create_asgi

    observer = Observer(ObserverSettings(stream=sys.stderr))
    app = Swappable(create_asgi(Service(loaded.values()), observer))
    if options.reload:

        def publish(service: Service) -> None:
            app.current = create_asgi(service, observer)

        signer = options.signer
        Reloader(options.models, loaded, judged, signer=signer, publish=publish, report=_report).start()
    print(_welcome(url_of(listener), loaded.values()), flush=True)
    _run(app, listener)


def _run(app: Swappable, listener: socket.socket) -> None:
    """Answer until a signal; then everyone whose request had begun still gets the answer, in the time it has."""
    import uvicorn

    from cli.http_protocol import HttpProtocol
    from functions.catalog.asgi import REQUEST_SECONDS

    config = uvicorn.Config(
        app,
        http=HttpProtocol,
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_level="error",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=REQUEST_SECONDS + 1,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _welcome(url: str, models: Iterable[Model]) -> str:
    from serin.openapi import curl_line

    lines = [f"Serin serves {url}", f"  {url}/docs shows the models and tries them in a browser", ""]
    for model in models:
        heading = one_line(f"{model.name} {model.version} {model.manifest.title}")
        lines += [heading, curl_line(url, model.manifest), ""]
    lines.append("Ctrl-C stops it.")
    return "\n".join(lines)


def _report(line: str) -> None:
    # In one piece: other threads write to the log at the same time.
    sys.stderr.write(f"serin: {one_line(line)}\n")


def _leave(_number: int, _frame: FrameType | None) -> None:
    """End here and now: before serving nothing is half-done, after it everyone has the answer.

    An exception would not do: it rises wherever the program is, and an import may turn it into a failure of its own.
    """
    if sys.stderr.isatty():
        os.write(sys.stderr.fileno(), SHOW_CURSOR)
    os._exit(ExitCode.OK)
