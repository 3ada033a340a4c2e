"""The inference function's shell under the real emulator: foreign events, deadlines, broken folders."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from local.rie import RieProcess
from serin.compilation import compile_model
from serin.compiled import COMPILED_FILE
from tests.gateway.events import HttpRequest, proxy_event
from tests.gateway.invocation import send
from tests.gateway.slots import inference_settings
from tests.signing_keys import make_keys
from tests.small_models.catalogue import LOOP
from tests.small_models.multiply import write_multiply

TIMEOUT_S = 2
ENDLESS = 2**62
REFUSAL = {"error", "code", "request_id"}
ANSWER = {"predictions", "model", "version", "prediction_ids"}

FOREIGN_EVENTS: dict[str, Any] = {
    "empty": {},
    "null": None,
    "list": [],
    "text": "hello",
    "s3": {"Records": [{"eventSource": "aws:s3", "s3": {"bucket": {"name": "b"}, "object": {"key": "k"}}}]},
    "sqs": {"Records": [{"eventSource": "aws:sqs", "messageId": "1", "body": '{"instances":[{"trips":1}]}'}]},
    "kinesis": {"Records": [{"eventSource": "aws:kinesis", "kinesis": {"data": "e30=", "partitionKey": "1"}}]},
    "schedule": {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}},
    "http api": {"version": "2.0", "rawPath": "/models/loop/predict", "body": "{}"},
}


BODY = b'{"instances": [{"trips": 3}]}'
ENVELOPES: dict[str, tuple[int, dict[str, Any]]] = {
    "text": (200, {}),
    "base64": (200, {"body": base64.b64encode(BODY).decode(), "isBase64Encoded": True}),
    "no word on the encoding": (200, {"isBase64Encoded": None}),
    "base64, and the body is plain": (400, {"isBase64Encoded": True}),
    "base64 with a wrong padding": (400, {"body": "eyJ", "isBase64Encoded": True}),
    "the encoding as text": (400, {"isBase64Encoded": "false"}),
    "a lone surrogate": (400, {"body": "\ud800"}),
    "no body": (400, {"body": None}),
    "a body that is no text": (400, {"body": {"instances": []}}),
    "no headers": (415, {"headers": None, "multiValueHeaders": None}),
    "headers that are none": (415, {"headers": [], "multiValueHeaders": "x"}),
    "headers that contradict each other": (400, {"multiValueHeaders": {"content-type": ["text/plain"]}}),
    "no request context": (200, {"requestContext": None}),
    "no path": (400, {"path": None}),
    "a method that is none": (405, {"httpMethod": "BREW"}),
    "a lone surrogate in the path": (404, {"path": "/models/\udc80/predict"}),
}


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RieProcess]:
    """A function with a model that runs as long as its client says, and two seconds to answer."""
    models = tmp_path_factory.mktemp("image")
    write_loop(models, timeout_s=20)
    with RieProcess(inference_settings(models, timeout_s=TIMEOUT_S)) as process:
        yield process


def write_loop(models: Path, *, timeout_s: int) -> None:
    """The model that counts as far as its client says, with another time-out."""
    replace(LOOP, fields=dict(LOOP.fields) | {"serving": {"timeout_seconds": timeout_s}}).write(models)


def count(process: RieProcess, steps: int) -> tuple[int, Any]:
    body = json.dumps({"instances": [{"trips": steps}]}).encode()
    answer = send(process, "POST", "/models/loop/predict", body)
    return answer.status, json.loads(answer.body)


@pytest.mark.parametrize("kind", FOREIGN_EVENTS)
def test_a_foreign_event_is_a_typed_error(counter: RieProcess, kind: str) -> None:
    answer = json.loads(counter.invoke(json.dumps(FOREIGN_EVENTS[kind]).encode()).payload)
    body = json.loads(answer["body"])
    assert (answer["statusCode"], body["code"]) == (400, "malformed_request")
    assert body["request_id"] == answer["headers"]["x-request-id"]
    line = json.loads(next(line for line in reversed(counter.lines) if line.startswith("{")))
    assert (line["request_id"], line["code"], line["status"]) == (body["request_id"], "malformed_request", 400)


@pytest.mark.parametrize("kind", ENVELOPES)
def test_an_envelope_is_read_or_refused_and_never_raises(counter: RieProcess, kind: str) -> None:
    status, fields = ENVELOPES[kind]
    headers = (("Content-Type", "application/json"),)
    event = proxy_event(HttpRequest("POST", "/models/loop/predict", headers, BODY), "127.0.0.1", as_text=True)
    answer = json.loads(counter.invoke(json.dumps(event | fields).encode()).payload)
    assert answer["statusCode"] == status, answer
    assert json.loads(answer["body"]).keys() == (REFUSAL if status >= 400 else ANSWER)


def test_a_run_without_end_is_a_504_before_lambda_kills_it(counter: RieProcess) -> None:
    begun = time.monotonic()
    status, body = count(counter, ENDLESS)
    assert (status, body["code"]) == (504, "deadline_exceeded")
    assert time.monotonic() - begun < TIMEOUT_S + 1  # the emulator's own turn included


def test_the_same_process_answers_after_a_deadline(counter: RieProcess) -> None:
    count(counter, ENDLESS)
    starts = sum("INIT REPORT" in line for line in counter.lines)
    status, body = count(counter, 7)
    assert (status, body["predictions"]) == (200, [{"total": 7}])
    assert (starts, sum("INIT REPORT" in line for line in counter.lines)) == (1, 1)


def test_the_manifests_own_time_out_ends_a_run_earlier(tmp_path: Path) -> None:
    write_loop(tmp_path, timeout_s=1)
    with RieProcess(inference_settings(tmp_path, timeout_s=20)) as process:
        count(process, 1)
        begun = time.monotonic()
        status, body = count(process, ENDLESS)
        assert (status, body["code"]) == (504, "deadline_exceeded")
        assert 1.0 <= time.monotonic() - begun < 3.0


def test_a_request_leaves_one_line_with_its_id_and_its_cold_start(tmp_path: Path) -> None:
    write_loop(tmp_path, timeout_s=5)
    with RieProcess(inference_settings(tmp_path)) as process:
        answers = [send(process, "GET", "/v2/models/loop/ready") for _ in range(2)]
        lines = [json.loads(line) for line in process.lines if line.startswith("{")]
    assert [line["request_id"] for line in lines] == [dict(answer.headers)["x-request-id"] for answer in answers]
    assert [line["cold_start"] for line in lines] == [True, False]
    assert [line["function_version"] for line in lines] == ["$LATEST"] * 2


def test_the_first_line_tells_how_long_the_start_took_which_the_emulator_saw_too(tmp_path: Path) -> None:
    write_loop(tmp_path, timeout_s=5)
    with RieProcess(inference_settings(tmp_path)) as process:
        for _ in range(2):
            send(process, "GET", "/v2/models/loop/ready")
        first, second = (json.loads(line) for line in process.lines if line.startswith("{"))
        assert process.init_seconds is not None
    # The kernel tells a start to a hundredth of a second downwards, and the emulator waits for longer than the start.
    assert 0 < first["init_ms"] <= process.init_seconds * 1000 + 10
    assert "init_ms" not in second


def test_a_web_page_may_read_what_the_stage_lets_it_and_refusals_too(tmp_path: Path) -> None:
    write_loop(tmp_path, timeout_s=5)
    settings = inference_settings(tmp_path)
    origin = "https://app.example.org"
    with RieProcess(replace(settings, environment={**settings.environment, "SERIN_CORS_ORIGIN": origin})) as process:
        answers = [send(process, "GET", f"/v2/models/{name}/ready") for name in ("loop", "nobody")]
    assert [answer.status for answer in answers] == [200, 404]
    assert [dict(answer.headers)["access-control-allow-origin"] for answer in answers] == [origin] * 2


def test_a_broken_folder_fails_the_start_with_one_clear_line(tmp_path: Path) -> None:
    manifest = write_multiply(tmp_path) / "model.yaml"
    manifest.write_text(manifest.read_text().replace("range:", "rnage:"))
    begun = time.monotonic()
    with RieProcess(inference_settings(tmp_path)) as process:
        answer = process.invoke(b"{}")
    assert time.monotonic() - begun < 5
    assert answer.status == 502
    error = json.loads(answer.payload)
    assert error["errorType"] == "ModelFolderError"
    assert error["errorMessage"] == f"{manifest}: features[0].rnage: unknown key; did you mean `range`?"


def test_a_compiled_model_answers_and_its_sources_are_not_looked_at(tmp_path: Path) -> None:
    write_multiply(tmp_path / "sources")
    (folder,) = (tmp_path / "sources").iterdir()
    compile_model(folder, tmp_path / "image" / folder.name)
    with RieProcess(inference_settings(tmp_path / "image")) as process:
        answer = send(process, "GET", f"/v2/models/{folder.name}/ready")
    assert answer.status == 200
    assert not [file for file in (tmp_path / "image").rglob("*") if file.suffix in {".yaml", ".onnx"}]


def test_a_model_that_another_version_compiled_fails_the_start_with_one_clear_line(tmp_path: Path) -> None:
    write_multiply(tmp_path)
    (folder,) = tmp_path.iterdir()
    compile_model(folder, folder)
    file = folder / COMPILED_FILE
    document = msgspec.msgpack.decode(file.read_bytes())
    file.write_bytes(msgspec.msgpack.encode(document | {"versions": {"serin": "0.0.1", "onnxruntime": "1.0.0"}}))
    with RieProcess(inference_settings(tmp_path)) as process:
        error = json.loads(process.invoke(b"{}").payload)
    assert error["errorType"] == "ModelFolderError"
    assert error["errorMessage"].startswith(f"{file}: is for Serin 0.0.1 with ONNX Runtime 1.0.0, and this is ")


def start(models: Path, signer: str) -> bytes:
    """What the first call gets of a function that demands ``signer``."""
    settings = inference_settings(models)
    with RieProcess(replace(settings, environment={**settings.environment, "SERIN_SIGNER": signer})) as process:
        answer = send(process, "GET", "/v2/models/multiply/ready")
        return answer.body if answer.status == 200 else process.invoke(b"{}").payload


def test_a_model_that_was_compiled_for_the_demanded_key_answers_and_for_another_fails_the_start(tmp_path: Path) -> None:
    keys, other = make_keys(tmp_path / "keys"), make_keys(tmp_path / "other")
    folder = write_multiply(tmp_path / "sources")
    keys.sign(folder)
    compile_model(folder, tmp_path / "image" / folder.name, keys.signer)
    assert json.loads(start(tmp_path / "image", keys.signer.digest))["ready"]
    error = json.loads(start(tmp_path / "image", other.signer.digest))
    assert error["errorType"] == "ModelFolderError"
    built, demanded = keys.signer.digest[:16], other.signer.digest[:16]
    assert error["errorMessage"] == (
        f"{tmp_path}/image/multiply/{COMPILED_FILE}: signer: was built for the key {built}..., "
        f"and the key {demanded}... is demanded; build the image for this stage"
    )


@pytest.mark.parametrize("demanded", ["0" * 64, ""])
def test_a_model_whose_signature_nobody_checked_fails_the_start_where_one_is_demanded(
    demanded: str, tmp_path: Path
) -> None:
    folder = write_multiply(tmp_path)
    message = json.loads(start(tmp_path, demanded))["errorMessage"]
    assert message.startswith(f"{tmp_path}: holds no compiled model, and SERIN_SIGNER demands a signature")
    compile_model(folder, folder)
    assert ": signer: was built for no key, and the key " in json.loads(start(tmp_path, demanded))["errorMessage"]


def test_changed_bytes_fail_the_start(tmp_path: Path) -> None:
    artifact = write_multiply(tmp_path) / "model.onnx"
    artifact.write_bytes(artifact.read_bytes() + b"\0")
    with RieProcess(inference_settings(tmp_path)) as process:
        error = json.loads(process.invoke(b"{}").payload)
    assert error["errorMessage"].startswith(f"{artifact}: is not the file that model.lock.json names")


def test_the_handler_brings_no_web_stack_and_no_aws_client(small_models: Path, repository: Path) -> None:
    code = "import sys, functions.inference.handler; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=repository,
        env={"SERIN_MODELS_DIR": str(small_models)},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(result.stdout.split())
    assert {"serin", "msgspec"} <= loaded
    assert loaded.isdisjoint(
        {"numpy", "onnxruntime", "fastapi", "starlette", "pydantic", "boto3", "botocore.session", "uvicorn", "mangum"}
    )
