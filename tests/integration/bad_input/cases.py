"""A bad request and what must become of it, and the one check that all of them go through."""

from __future__ import annotations

import json
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tests.gateway.events import Headers, HttpRequest
from tests.integration.bad_input.shells import REQUEST_ID, Answer, Shell
from tests.small_models.catalogue import FLOWER

JSON: Final[Headers] = (("Content-Type", "application/json"),)
FLOWER_PREDICT: Final = "/models/flower/predict"
MARKER: Final = "kiwi7319"
"""Stands for whatever a client sends: it must not come back, and must not be written."""

LONGEST_SECONDS: Final = 1.0
"""Of this process' own time: how busy the machine is otherwise does not matter."""

LARGEST_BYTES: Final = 10_000_000

_NEVER_TOLD: Final = (MARKER, "731973", "onnx", "Traceback", ".py", "site-packages", "numpy", "\x1b", "\\u001b")
_GOLDEN_INSTANCE, _GOLDEN_PREDICTION = FLOWER.golden[0]


@dataclass(frozen=True)
class Case:
    """A request, and the status and the code that are due. 200: it is served after all."""

    request: HttpRequest
    status: int
    code: str = ""


def served(request: HttpRequest) -> Case:
    return Case(request, 200)


def malformed(request: HttpRequest) -> Case:
    return Case(request, 400, "malformed_request")


def too_large(request: HttpRequest) -> Case:
    return Case(request, 413, "payload_too_large")


def unsupported(request: HttpRequest) -> Case:
    return Case(request, 415, "unsupported_media_type")


def invalid(request: HttpRequest) -> Case:
    return Case(request, 422, "invalid_input")


def post(target: str, body: bytes, headers: Headers = JSON) -> HttpRequest:
    return HttpRequest("POST", target, headers, body)


def predict(model: str, *instances: Any) -> HttpRequest:
    return post(f"/models/{model}/predict", json.dumps({"instances": instances}).encode())


def infer(model: str, body: bytes | dict[str, Any], headers: Headers = JSON) -> HttpRequest:
    return post(f"/v2/models/{model}/infer", body if isinstance(body, bytes) else json.dumps(body).encode(), headers)


GOOD: Final = post(FLOWER_PREDICT, json.dumps({"instances": [_GOLDEN_INSTANCE]}).encode())


def check(shell: Shell, case: Case, seconds: float = 5.0) -> Answer:
    """The case is answered as it must be, in time, in silence, and leaves the process as it was."""
    begun = time.process_time()
    answer = shell.send(case.request, seconds)
    assert time.process_time() - begun < LONGEST_SECONDS
    if case.status == 200:
        assert answer.status == 200, answer.body[:200]
    else:
        check_refusal(answer, case.status, case.code)
    check_recovery(shell)
    return answer


def check_refusal(answer: Answer, status: int, code: str) -> None:
    """One error shape, one line, nothing of the client and nothing of the inside."""
    document = answer.document
    assert (answer.status, document["code"]) == (status, code), document["error"]
    assert document.keys() == {"error", "code", "request_id"}
    assert document["request_id"] == answer.headers["x-request-id"] == REQUEST_ID
    assert answer.headers["content-type"] == "application/json"
    (line,) = map(json.loads, answer.lines)
    assert (line["status"], line["code"], line["level"]) == (status, code, "INFO")
    assert [word for word in _NEVER_TOLD if word.lower() in answer.text.lower()] == []


def check_recovery(shell: Shell) -> None:
    """The next good request gets its golden answer."""
    answer = shell.send(GOOD)
    assert answer.status == 200
    assert answer.document["predictions"] == [_GOLDEN_PREDICTION]


def peak_of(act: Callable[[], object]) -> int:
    """Most bytes that Python held for ``act``, beyond what it held before."""
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
