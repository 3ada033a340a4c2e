from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cli.endpoint import Endpoint
from cli.outcome import CommandError, ExitCode


@dataclass
class Peer:
    """A server that gives one answer to everything, and what it was asked."""

    url: str = ""
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def answering(status: int, body: bytes, headers: dict[str, str] | None = None) -> Iterator[Peer]:
    peer = Peer()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            sent = self.rfile.read(int(self.headers.get("content-length", 0)))
            asked = {name.lower(): value for name, value in self.headers.items()}
            peer.asked.append((self.command, self.path, asked, sent))
            self.send_response(status)
            for name, value in {"content-length": str(len(body)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _answer  # noqa: N815 - the standard library's names

        def log_message(self, *_: object) -> None:
            """Silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        peer.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield peer
        finally:
            server.shutdown()
            thread.join()


def refused(endpoint: Endpoint) -> CommandError:
    with pytest.raises(CommandError) as error:
        endpoint.post("/models/m/predict", b"{}")
    assert "\n" not in error.value.message
    return error.value


def test_the_stage_of_the_url_is_kept_and_the_key_is_sent() -> None:
    with answering(200, b'{"predictions":[]}') as peer:
        assert Endpoint.at(f"{peer.url}/prod/", "secret").post("/models/m/predict", b"{}") == b'{"predictions":[]}'
    [(method, path, headers, body)] = peer.asked
    assert (method, path, body) == ("POST", "/prod/models/m/predict", b"{}")
    assert headers["x-api-key"] == "secret"
    assert headers["content-type"] == "application/json"


def test_without_a_key_none_is_sent() -> None:
    with answering(200, b"{}") as peer:
        Endpoint.at(peer.url, None).get("/v2/models")
    [(method, _, headers, _)] = peer.asked
    assert method == "GET"
    assert "x-api-key" not in headers
    assert "content-type" not in headers


@pytest.mark.parametrize(
    ("status", "body", "code", "said"),
    [
        (
            422,
            json.dumps({"error": "features[0]: is missing", "code": "invalid_input", "request_id": "r1"}).encode(),
            ExitCode.REFUSED,
            "features[0]: is missing [422 invalid_input] (request r1)",
        ),
        (403, b'{"message":"Forbidden"}', ExitCode.REFUSED, "Forbidden [403 Forbidden]"),
        (503, b'{"message":null}', ExitCode.UNREACHABLE, '{"message": null} [503 Service Unavailable]'),
        (599, b'{"error":"lines\\nof\\ntext"}', ExitCode.UNREACHABLE, "lines of text [599 unknown]"),
    ],
)
def test_what_the_endpoint_says_is_passed_on(status: int, body: bytes, code: ExitCode, said: str) -> None:
    with answering(status, body) as peer:
        error = refused(Endpoint.at(peer.url, None))
    assert (error.code, error.message) == (code, said)


@pytest.mark.parametrize("body", [b"<html>", b"", b"[1]", b"\xff"])
def test_an_answer_that_is_no_json_object_is_told_by_its_status(body: bytes) -> None:
    with answering(404, body) as peer:
        error = refused(Endpoint.at(peer.url, None))
    assert error.message == f"{peer.url} answers 404 and no JSON; is it a Serin endpoint?"


def test_a_redirect_is_not_followed_as_it_would_carry_the_key_along() -> None:
    with answering(200, b"{}") as other, answering(307, b"", {"location": other.url}) as peer:
        error = refused(Endpoint.at(peer.url, "secret"))
    assert error.code is ExitCode.REFUSED
    assert "answers 307" in error.message
    assert other.asked == []


def test_an_endpoint_that_is_not_there_is_unreachable() -> None:
    with answering(200, b"") as gone:
        pass
    error = refused(Endpoint.at(gone.url, None))
    assert (error.code, error.message) == (
        ExitCode.UNREACHABLE,
        f"{gone.url} cannot be reached: Connection refused",
    )


def test_an_answer_that_breaks_off_is_unreachable() -> None:
    with answering(200, b"{}", {"content-length": "100"}) as peer:
        error = refused(Endpoint.at(peer.url, None))
    assert error.code is ExitCode.UNREACHABLE
