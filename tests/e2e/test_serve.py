from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import threading
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cli.outcome import ExitCode
from tests.serving import COMMAND, Serving, serving
from tests.small_models.catalogue import LOOP
from tests.small_models.multiply import write_multiply


def connect(served: Serving) -> http.client.HTTPConnection:
    """A connection of its own; kept open until it is closed."""
    address = urlsplit(served.url)
    return http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)


def ask(connection: http.client.HTTPConnection, path: str, body: object = None) -> tuple[int, dict[str, object]]:
    method, document = ("GET", None) if body is None else ("POST", json.dumps(body))
    connection.request(method, path, document, {"content-type": "application/json"})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def product(served: Serving) -> object:
    """What the small model makes of 10."""
    with closing(connect(served)) as connection:
        status, answer = ask(connection, "/models/multiply/predict", {"instances": [{"x": 10}]})
    assert status == 200
    return answer["predictions"]


def until(condition: object, limit_s: float = 10) -> None:
    """Wait for what must come true."""
    assert callable(condition)
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.05)


def test_every_curl_line_works_when_pasted(repository: Path) -> None:
    with serving(repository / "models") as served:
        lines = [line for line in served.printed if line.startswith("curl ")]
        models = sorted(file.parent.name for file in (repository / "models").glob("*/model.yaml"))
        assert [line.split("/models/")[1].split("/")[0] for line in lines] == models
        for line in lines:
            done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)
            answer = json.loads(done.stdout)
            assert answer["model"] in line
            assert len(answer["predictions"]) == 1


def test_each_request_leaves_one_json_line_on_stderr(small_models: Path) -> None:
    with serving(small_models) as served:
        assert product(served) == [{"value": 20.0}]
        [line] = served.said()
        record = json.loads(line)
        assert (record["model"], record["status"], record["rows"]) == ("multiply", 200, 1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_within_seconds_though_connections_idle(small_models: Path, number: signal.Signals) -> None:
    with serving(small_models) as served, closing(connect(served)) as idle, closing(connect(served)) as silent:
        assert ask(idle, "/v2/health/ready")[0] == 200
        silent.connect()
        begun = time.monotonic()
        assert served.stop(number) == ExitCode.OK
        assert time.monotonic() - begun < 3
        assert served.said() == []


def test_a_request_in_flight_is_answered_before_the_end(tmp_path: Path) -> None:
    models = tmp_path / "models"
    replace(LOOP, fields={**LOOP.fields, "serving": {"timeout_seconds": 2}}).write(models)
    answers: list[tuple[int, dict[str, object]]] = []
    with serving(models) as served:
        connection = connect(served)

        def count() -> None:
            # It counts on until its model's time is up, and the answer says so.
            answers.append(ask(connection, "/models/loop/predict", {"instances": [{"trips": 2**60}]}))

        asking = threading.Thread(target=count)
        asking.start()
        time.sleep(0.7)
        assert answers == []
        assert served.stop() == ExitCode.OK
        asking.join()
        connection.close()
        with pytest.raises(ConnectionRefusedError):
            connect(served).connect()
    [(status, answer)] = answers
    assert (status, answer["code"]) == (504, "deadline_exceeded")


@pytest.mark.parametrize("delay_s", [0.2, 0.35, 0.5, 0.65])
def test_a_signal_before_it_serves_ends_it_at_once_and_in_silence(small_models: Path, delay_s: float) -> None:
    process = subprocess.Popen(
        [*COMMAND, "serve", "--models", str(small_models), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(delay_s)
    process.terminate()
    _, errors = process.communicate(timeout=10)
    assert errors == ""
    assert process.returncode in {ExitCode.OK, -signal.SIGTERM}


def test_a_taken_port_is_one_clear_line_before_anything_is_loaded(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [*COMMAND, "serve", "--models", str(tmp_path / "not-even-there"), "--port", str(port)],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == ExitCode.ADDRESS_TAKEN
    assert done.stdout == ""
    assert done.stderr == (
        f"serin: port {port} on 127.0.0.1 is taken by another program; "
        "stop it, or choose another port with --port or PORT\n"
    )


def test_a_broken_folder_names_file_and_field(small_models: Path) -> None:
    manifest = small_models / "multiply" / "model.yaml"
    manifest.write_text(manifest.read_text().replace("type: float", "type: real"))
    done = subprocess.run(
        [*COMMAND, "serve", "--models", str(small_models), "--port", "0"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == ExitCode.REFUSED
    assert done.stdout == ""
    assert done.stderr.startswith(f"serin: {manifest}: features[0].type: ")
    assert done.stderr.count("\n") == 1


def test_reload_swaps_a_model_while_requests_go_on(small_models: Path) -> None:
    with serving(small_models, "--reload") as served:
        assert product(served) == [{"value": 20.0}]
        seen: list[object] = []
        stop = threading.Event()

        def keep_asking() -> None:
            while not stop.is_set():
                seen.append(product(served))

        asking = threading.Thread(target=keep_asking)
        asking.start()
        write_multiply(small_models, version="1.1.0", factor=3)
        until(lambda: seen and seen[-1] == [{"value": 30.0}])
        stop.set()
        asking.join()
        assert [answer for answer in seen if answer not in ([{"value": 20.0}], [{"value": 30.0}])] == []
        assert "serin: multiply 1.1.0 is served now" in served.said()
        with closing(connect(served)) as connection:
            assert ask(connection, "/v2/models/multiply")[1]["versions"] == ["1.1.0"]


def test_reload_keeps_the_old_model_when_the_change_is_bad(small_models: Path) -> None:
    with serving(small_models, "--reload") as served:
        (small_models / "multiply" / "model.onnx").write_bytes(b"no model at all")
        until(served.said)
        [line] = served.said()
        assert line.startswith(f"serin: {small_models / 'multiply' / 'model.onnx'}: is not the file that")
        assert line.endswith("; version 1.0.0 keeps serving")
        assert product(served) == [{"value": 20.0}]


def test_a_second_control_c_does_not_wait_for_a_request(tmp_path: Path) -> None:
    models = tmp_path / "models"
    replace(LOOP, fields={**LOOP.fields, "serving": {"timeout_seconds": 20}}).write(models)
    with serving(models) as served, closing(connect(served)) as connection:
        body = json.dumps({"instances": [{"trips": 2**60}]})
        connection.request("POST", "/models/loop/predict", body, {"content-type": "application/json"})
        time.sleep(0.5)
        served.process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        assert served.process.poll() is None
        begun = time.monotonic()
        assert served.stop(signal.SIGINT) == ExitCode.OK
        assert time.monotonic() - begun < 3


def test_a_quick_models_answers_do_not_change_when_they_are_given_at_once(small_models: Path) -> None:
    with serving(small_models) as served, closing(connect(served)) as connection:
        headers: list[set[str]] = []
        for _ in range(40):  # the first ones from threads
            body = json.dumps({"instances": [{"x": 10}]})
            connection.request("POST", "/models/multiply/predict", body, {"content-type": "application/json"})
            answer = connection.getresponse()
            assert json.loads(answer.read())["predictions"] == [{"value": 20.0}]
            headers.append({name.lower() for name, _ in answer.getheaders()} - {"x-cold-start"})
        assert headers[-1] == headers[0]
        ids = [json.loads(line)["request_id"] for line in served.said()]
        assert len(set(ids)) == 40
