"""A bounded load, on servers that answer as they are told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.main import run
from cli.outcome import ExitCode
from tests.peer import Reply, answering

GOOD = Reply(200, b'{"predictions":[{"value":2.0}]}')
COLD = Reply(200, GOOD.body, {"x-cold-start": "1"})
BUSY = Reply(429, b'{"message":"Too Many Requests"}')
BROKEN = Reply(500, b'{"error":"the server failed","code":"internal","request_id":"r"}')


def load(models: Path, url: str, *options: str) -> int:
    fast = ["--rate", "100/s", "--clients", "1"]
    return run(["bench", "multiply", "--models", str(models), "--url", url, *fast, *options])


def document(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_as_many_requests_go_out_as_were_asked_for_and_cold_starts_are_counted(
    small_models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with answering(COLD, GOOD, COLD, GOOD) as peer:
        assert load(small_models, f"{peer.url}/dev", "--count", "7", "--api-key", "k", "--json") == ExitCode.OK
    found = document(capsys)
    assert len(peer.asked) == 7
    assert {(asked.method, asked.path) for asked in peer.asked} == {("POST", "/dev/models/multiply/predict")}
    assert {asked.headers["x-api-key"] for asked in peer.asked} == {"k"}
    assert json.loads(peer.asked[0].body) == {"instances": [{"x": 3}]}
    assert (found["requests"], found["good"], found["cold_starts"], found["errors"]) == (7, 7, 2, [])
    warm = found["ms"]["warm"]
    assert 0 < warm["p50"] <= warm["p95"] <= warm["p99"] <= warm["max"]


def test_errors_are_counted_by_status_and_code_and_end_with_an_exit_code(
    small_models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with answering(GOOD, BUSY, BROKEN, BUSY, GOOD) as peer:
        code = load(small_models, peer.url, "--count", "6", "--json")
    said = capsys.readouterr()
    assert code == ExitCode.UNREACHABLE
    assert said.err == "serin: 3 of 6 requests failed\n"
    assert json.loads(said.out)["errors"] == [
        {"status": 429, "code": "Too Many Requests", "requests": 2},
        {"status": 500, "code": "internal", "requests": 1},
    ]


def test_refusals_alone_are_the_clients_own(small_models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with answering(GOOD, BUSY, GOOD) as peer:
        assert load(small_models, peer.url, "--count", "3") == ExitCode.REFUSED
    assert "1 times 429 Too Many Requests" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(403, b'{"message":"Forbidden"}'), "serin: Forbidden [403 Forbidden]\n"),
        (
            Reply(404, b'{"error":"no such model","code":"model_not_found"}'),
            "serin: no such model [404 model_not_found]\n",
        ),
        (Reply(307, b"", {"location": "http://127.0.0.1:1/"}), "answers 307 and no JSON; is it a Serin endpoint?\n"),
    ],
)
def test_what_is_wrong_with_the_first_request_is_not_sent_again(
    reply: Reply, said: str, small_models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with answering(reply) as peer:
        assert load(small_models, peer.url) == ExitCode.REFUSED
    assert len(peer.asked) == 1
    assert capsys.readouterr().err.endswith(said)


def test_an_endpoint_that_is_not_there_is_one_line(small_models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with answering(GOOD) as gone:
        pass
    assert load(small_models, gone.url) == ExitCode.UNREACHABLE
    assert capsys.readouterr().err == f"serin: {gone.url} cannot be reached: ConnectionRefusedError\n"


def test_an_answer_that_breaks_off_is_counted_and_the_next_request_goes_out(
    small_models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with answering(GOOD, Reply(200, b"{}", {"content-length": "100"}), GOOD) as peer:
        assert load(small_models, peer.url, "--count", "4", "--json") == ExitCode.UNREACHABLE
    found = document(capsys)
    assert found["good"] == 3
    assert found["errors"] == [{"status": 0, "code": "IncompleteRead", "requests": 1}]


def test_requests_go_out_no_faster_than_the_rate(small_models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with answering(GOOD) as peer:
        load(small_models, peer.url, "--count", "11", "--clients", "8", "--rate", "20/s", "--json")
    assert document(capsys)["requests_a_second"] <= 11 / (10 / 20) * 1.01


def test_a_table_says_the_same_to_people(small_models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with answering(COLD, GOOD) as peer:
        load(small_models, peer.url, "--count", "3")
    head, _, columns, warm, cold = capsys.readouterr().out.splitlines()
    assert head.startswith(f"multiply at {peer.url}: 3 requests, ")
    assert columns.split() == ["requests", *(word for name in ("p50", "p95", "p99", "max") for word in (name, "ms"))]
    assert (warm.split()[:2], cold.split()[:2]) == (["warm", "2"], ["cold", "1"])


def test_a_model_that_is_not_in_the_folder_is_one_line(small_models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["bench", "multply", "--models", str(small_models), "--url", "http://127.0.0.1:1"])
    assert code == ExitCode.REFUSED
    assert capsys.readouterr().err == f"serin: {small_models} has no model 'multply'; did you mean 'multiply'?\n"
