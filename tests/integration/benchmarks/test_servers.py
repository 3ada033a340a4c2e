from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.servers import PORT, Server, load, serving
from local.errors import LocalError
from local.ports import is_open

ECHO = """\
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200 if self.path == "/echo" else 404)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words):
        pass
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Echo).serve_forever()
"""


def server(folder: Path, path: str = "/echo", program: str = ECHO) -> Server:
    (folder / "echo.py").write_text(program)
    return Server("echo", (sys.executable, "echo.py", PORT), folder, {}, path, b"x" * 100_000)


@pytest.mark.parametrize("clients", [1, 8])
def test_a_load_counts_its_requests_and_ends(tmp_path: Path, clients: int) -> None:
    echo = server(tmp_path)
    with serving(echo) as running:
        done = load(echo, running, clients, 40)
    assert done.requests_per_second > 0
    assert 0 < done.p50_ms <= done.p99_ms
    assert done.processor_us > 0
    assert not is_open(running.port), "a server ends with its block"


def test_a_server_that_answers_something_else_is_one_line(tmp_path: Path) -> None:
    wrong = server(tmp_path, "/elsewhere")
    with serving(wrong) as running, pytest.raises(LocalError, match=r"^echo: the server answered b'HTTP/1.1 404"):
        load(wrong, running, 1, 10)


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    broken = server(tmp_path, program="raise SystemExit('no model here')")
    with pytest.raises(LocalError, match=r"^echo: ended with 1; it said: no model here$"), serving(broken):
        pass


def test_a_server_is_stopped_when_its_block_is_interrupted(tmp_path: Path) -> None:
    taken = 0
    with pytest.raises(KeyboardInterrupt), serving(server(tmp_path)) as running:  # noqa: PT012 - as Ctrl-C would
        taken = running.port
        raise KeyboardInterrupt
    assert not is_open(taken)
