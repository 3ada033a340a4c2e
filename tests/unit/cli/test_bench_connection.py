"""One client's connection: kept open, signed where it must be, through a proxy where there is one."""

from __future__ import annotations

import pytest
from botocore.credentials import Credentials as AwsCredentials

from cli.bench.connection import Connection, _connect
from cli.credentials import Signature, given
from cli.endpoint import Endpoint
from tests.peer import Reply, answering

GOOD = Reply(200, b'{"predictions":[]}')
PATH = "/models/m/predict"


def test_each_request_is_signed_anew_for_a_stage_that_asks_for_it() -> None:
    signature = Signature(AwsCredentials("AKIDEXAMPLE", "secret", "session"), "eu-west-1")
    with answering(GOOD) as peer, Connection(Endpoint.at(f"{peer.url}/dev", signature)) as connection:
        for body in (b'{"instances":[1]}', b'{"instances":[2]}'):
            assert connection.post(PATH, body).code == "ok"
    first, second = (asked.headers["authorization"] for asked in peer.asked)
    assert first.startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "/eu-west-1/execute-api/aws4_request" in first
    assert first != second, "the body is signed too"


@pytest.mark.parametrize(
    ("reply", "code", "is_cold"),
    [
        (GOOD, "ok", False),
        (Reply(200, b"{}", {"X-Cold-Start": "1"}), "ok", True),
        (Reply(422, b'{"code":"invalid_input"}'), "invalid_input", False),
        (Reply(502, b"<html>"), "Bad Gateway", False),
        (Reply(599, b""), "unknown", False),
    ],
)
def test_an_answer_is_told_by_its_code(reply: Reply, code: str, is_cold: bool) -> None:
    with answering(reply) as peer, Connection(Endpoint.at(peer.url, given(None, None))) as connection:
        exchange = connection.post(PATH, b"{}")
    assert (exchange.status, exchange.code, exchange.is_cold) == (reply.status, code, is_cold)
    assert exchange.ms > 0


def test_a_connection_that_was_closed_meanwhile_is_opened_again() -> None:
    with answering(GOOD) as peer, Connection(Endpoint.at(peer.url, given(None, None))) as connection:
        # The peer speaks HTTP/1.0: it closes after each answer.
        assert [connection.post(PATH, b"{}").code for _ in range(3)] == ["ok"] * 3
    assert len(peer.asked) == 3


def test_https_goes_through_the_proxy_of_the_environment_and_plain_http_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", "http://proxy.example.org:3128")
    monkeypatch.setenv("http_proxy", "http://proxy.example.org:3128")
    through, straight = (_connect(f"{scheme}://api.example.org/dev") for scheme in ("https", "http"))
    assert (through.host, through.port) == ("proxy.example.org", 3128)
    assert (straight.host, straight.port) == ("api.example.org", 80)
    monkeypatch.setenv("no_proxy", "api.example.org")
    assert _connect("https://api.example.org/dev").host == "api.example.org"
