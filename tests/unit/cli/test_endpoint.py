from __future__ import annotations

import json

import pytest

from cli.credentials import given
from cli.endpoint import Endpoint
from cli.outcome import CommandError, ExitCode
from tests.peer import Reply, answering

NOBODY = given(None, None)
KEY = given("secret", None)


def refused(endpoint: Endpoint) -> CommandError:
    with pytest.raises(CommandError) as error:
        endpoint.post("/models/m/predict", b"{}")
    assert "\n" not in error.value.message
    return error.value


def test_the_stage_of_the_url_is_kept_and_the_key_is_sent() -> None:
    with answering(Reply(200, b'{"predictions":[]}')) as peer:
        assert Endpoint.at(f"{peer.url}/prod/", KEY).post("/models/m/predict", b"{}") == b'{"predictions":[]}'
    [asked] = peer.asked
    assert (asked.method, asked.path, asked.body) == ("POST", "/prod/models/m/predict", b"{}")
    assert asked.headers["x-api-key"] == "secret"
    assert asked.headers["content-type"] == "application/json"


def test_without_a_key_none_is_sent() -> None:
    with answering(Reply(200, b"{}")) as peer:
        Endpoint.at(peer.url, NOBODY).get("/v2/models")
    [asked] = peer.asked
    assert asked.method == "GET"
    assert {"x-api-key", "authorization", "content-type"}.isdisjoint(asked.headers)


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
    with answering(Reply(status, body)) as peer:
        error = refused(Endpoint.at(peer.url, NOBODY))
    assert (error.code, error.message) == (code, said)


@pytest.mark.parametrize("body", [b"<html>", b"", b"[1]", b"\xff"])
def test_an_answer_that_is_no_json_object_is_told_by_its_status(body: bytes) -> None:
    with answering(Reply(404, body)) as peer:
        error = refused(Endpoint.at(peer.url, NOBODY))
    assert error.message == f"{peer.url} answers 404 and no JSON; is it a Serin endpoint?"


def test_a_redirect_is_not_followed_as_it_would_carry_the_key_along() -> None:
    with answering(Reply(200, b"{}")) as other, answering(Reply(307, b"", {"location": other.url})) as peer:
        error = refused(Endpoint.at(peer.url, KEY))
    assert error.code is ExitCode.REFUSED
    assert "answers 307" in error.message
    assert other.asked == []


def test_an_endpoint_that_is_not_there_is_unreachable() -> None:
    with answering(Reply(200, b"")) as gone:
        pass
    error = refused(Endpoint.at(gone.url, NOBODY))
    assert (error.code, error.message) == (
        ExitCode.UNREACHABLE,
        f"{gone.url} cannot be reached: Connection refused",
    )


def test_an_answer_that_breaks_off_is_unreachable() -> None:
    with answering(Reply(200, b"{}", {"content-length": "100"})) as peer:
        error = refused(Endpoint.at(peer.url, NOBODY))
    assert error.code is ExitCode.UNREACHABLE
