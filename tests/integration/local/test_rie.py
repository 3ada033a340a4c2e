"""A real function under the real runtime interface emulator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from local.errors import InvocationTimedOut, LocalError
from local.ports import is_open
from local.rie import PAYLOAD_LIMIT, RieProcess, RieSettings

FUNCTIONS = Path(__file__).parent / "functions"


@pytest.fixture(scope="module")
def echo() -> Iterator[RieProcess]:
    environment = {"GREETING": "hello"}
    settings = RieSettings(handler="echo.lambda_handler", directory=FUNCTIONS, environment=environment, timeout_s=2)
    with RieProcess(settings) as process:
        yield process


def call(process: RieProcess, **event: Any) -> Any:
    return json.loads(process.invoke(json.dumps(event).encode()).payload)


def test_a_function_answers_its_event(echo: RieProcess) -> None:
    answer = call(echo, row=[1, 2.5, "three"])
    assert answer["event"] == {"row": [1, 2.5, "three"]}
    assert answer["memory"] == 1024


def test_a_function_sees_its_own_environment_and_not_the_callers(
    echo: RieProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THE_CALLER", "1")
    seen = call(echo)["environment"]
    assert seen["GREETING"] == "hello"
    assert "OF_THE_CALLER" not in seen


def test_the_time_of_the_start_is_known_after_the_first_call(echo: RieProcess) -> None:
    call(echo)
    assert echo.init_seconds is not None
    assert 0.0 < echo.init_seconds < 10.0


def test_a_call_returns_the_lines_it_wrote_and_no_others(echo: RieProcess) -> None:
    first = echo.invoke(b'{"say": "one"}')
    second = echo.invoke(b'{"say": "two\\rstill two"}')
    assert first.lines == ("one",)
    assert second.lines == ("two\rstill two",)


def test_an_error_of_the_function_is_in_the_answer(echo: RieProcess) -> None:
    answer = call(echo, fail="no such thing")
    assert (answer["errorType"], answer["errorMessage"]) == ("ValueError", "no such thing")


def test_a_call_past_its_time_is_one_clear_line_and_the_next_call_works(echo: RieProcess) -> None:
    with pytest.raises(InvocationTimedOut, match=r"echo\.lambda_handler: no answer within 2 s"):
        echo.invoke(b'{"sleep": 4}')
    assert call(echo, after=1)["event"] == {"after": 1}


def test_calls_at_once_wait_for_one_another(echo: RieProcess) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda index: call(echo, index=index), range(16)))
    assert [answer["event"]["index"] for answer in answers] == list(range(16))
    assert len({answer["pid"] for answer in answers}) == 1


def test_a_payload_over_the_limit_is_refused_before_it_is_cut(echo: RieProcess) -> None:
    with pytest.raises(LocalError, match="over Lambda's limit of 6291556"):
        echo.invoke(b" " * (PAYLOAD_LIMIT + 1))


def test_a_payload_at_the_limit_arrives_whole(echo: RieProcess) -> None:
    length = PAYLOAD_LIMIT - len(b'{"count": ""}')
    answer = echo.invoke(b'{"count": "%s"}' % (b"x" * length))
    assert json.loads(answer.payload) == {"count": length}


def test_a_function_that_cannot_be_imported_says_so_in_its_answer(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("raise RuntimeError('import broke')\n")
    with RieProcess(RieSettings(handler="broken.lambda_handler", directory=tmp_path)) as process:
        answer = process.invoke(b"{}")
    assert answer.status == 502
    assert json.loads(answer.payload)["errorMessage"] == "import broke"


def test_nothing_runs_or_listens_after_the_block() -> None:
    with RieProcess(RieSettings(handler="echo.lambda_handler", directory=FUNCTIONS)) as process:
        pid = call(process)["pid"]
        ports = process._ports
    assert not Path(f"/proc/{pid}").exists()
    assert not any(is_open(port) for port in ports)


def test_a_process_outside_its_block_is_one_clear_line() -> None:
    process = RieProcess(RieSettings(handler="echo.lambda_handler", directory=FUNCTIONS))
    with pytest.raises(LocalError, match="not started; use it in a with statement"):
        process.invoke(b"{}")
