"""Lambda's runtime API on loopback, as a function that starts from a snapshot meets it.

It takes no snapshot: where Lambda would, it goes on at once, as it does for the process that the snapshot is taken of.
Source: AWS Lambda developer guide, "Using the Lambda runtime API"; awslambdaric's client for /runtime/restore/next.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_VERSION = "/2018-06-01/runtime"


@dataclass
class Told:
    """What a function asked for, in order, what it answered, and what it printed."""

    asked: list[str] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)
    printed: str = ""


def run_under(repository: Path, environment: Mapping[str, str], events: list[bytes]) -> Told:
    """Run the inference function until it has answered ``events``."""
    told = Told()
    over = threading.Event()
    with _Server(events, told, over) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        process = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", "functions.inference.handler.lambda_handler"],
            cwd=repository,
            env={"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            assert over.wait(30), process.poll()
        finally:
            process.kill()
            told.printed = process.communicate()[0]
            server.shutdown()
    return told


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, events: list[bytes], told: Told, over: threading.Event) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.events = events
        self.told = told
        self.over = over


class _Handler(BaseHTTPRequestHandler):
    """One connection. ``server`` is a ``_Server``."""

    server: _Server

    def do_GET(self) -> None:
        told, path = self.server.told, self.path.removeprefix(_VERSION)
        told.asked.append(path)
        number = len(told.answers)
        if path != "/invocation/next":
            self._send(200, b"", number)
        elif number < len(self.server.events):
            self._send(200, self.server.events[number], number)
        else:
            self.server.over.set()  # the process is killed while it waits

    def do_POST(self) -> None:
        told = self.server.told
        told.asked.append(self.path.removeprefix(_VERSION))
        told.answers.append(self.rfile.read(int(self.headers["content-length"])))
        self._send(202, b"", len(told.answers))

    def _send(self, status: int, body: bytes, number: int) -> None:
        self.send_response(status)
        self.send_header("Lambda-Runtime-Aws-Request-Id", f"r-{number}")
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + 5) * 1000)))
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:000000000000:function:f")
        self.send_header("Content-Type", "application/json")  # without it, awslambdaric's client crashes
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silent."""
