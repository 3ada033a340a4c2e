"""Starts that nobody waits for take the first run; what must differ from process to process still does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from functions.inference.priming import AHEAD
from tests.functions.inference.runtime_api import run_under
from tests.gateway.events import HttpRequest, proxy_event

EVENT = json.dumps(
    proxy_event(
        HttpRequest(
            "POST", "/models/multiply/predict", (("Content-Type", "application/json"),), b'{"instances":[{"x":3}]}'
        ),
        "127.0.0.1",
    )
)

RECORD_RUNS = """
import json, sys
import serin.service
runs = []
inner = serin.service.Model.infer
def infer(model, inputs, outputs, deadline):
    inference = inner(model, inputs, outputs, deadline)
    runs.append((model.name, inference.rows))
    return inference
serin.service.Model.infer = infer
from functions.inference.handler import lambda_handler
"""


def script(code: str, repository: Path, models: Path, **environment: str) -> list[Any]:
    """Run ``code`` in a process of its own; what it printed, a JSON document a line."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=repository,
        env={"SERIN_MODELS_DIR": str(models), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("kind", sorted(AHEAD))
def test_a_start_ahead_of_requests_runs_every_model_once_and_writes_no_line(kind: str, repository: Path) -> None:
    code = RECORD_RUNS + "print(json.dumps(runs))"
    [runs] = script(code, repository, repository / "models", AWS_LAMBDA_INITIALIZATION_TYPE=kind)
    assert runs == [[name, 1] for name in ("breast-cancer", "diabetes", "digits", "doctor-visits")]


@pytest.mark.parametrize("environment", [{}, {"AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand"}])
def test_a_start_that_a_request_waits_for_runs_and_imports_nothing_of_it(
    environment: dict[str, str], repository: Path, small_models: Path
) -> None:
    code = RECORD_RUNS + "print(json.dumps([runs, 'serin.openapi' in sys.modules]))"
    assert script(code, repository, small_models, **environment) == [[[], False]]


def test_a_model_that_refuses_its_example_starts_all_the_same(repository: Path, small_models: Path) -> None:
    code = RECORD_RUNS.replace("return inference", "raise RuntimeError") + "print(json.dumps(runs))"
    assert script(code, repository, small_models, AWS_LAMBDA_INITIALIZATION_TYPE="snap-start") == [[["multiply", 1]]]


FORKED = f"""
import json, os, sys
from functions.inference.handler import lambda_handler
class Context:
    aws_request_id = "r"
    def get_remaining_time_in_millis(self): return 5000
if os.fork() == 0:
    sys.stdout.flush()
else:
    os.wait()
for _ in range(2):
    answer = lambda_handler(json.loads({EVENT!r}), Context())
    print(json.dumps({{"headers": answer["headers"]}}), flush=True)
"""


def test_processes_that_go_on_from_one_state_are_each_cold_once_and_give_no_id_twice(
    repository: Path, small_models: Path
) -> None:
    printed = script(FORKED, repository, small_models, AWS_LAMBDA_INITIALIZATION_TYPE="snap-start")
    answers = [line["headers"] for line in printed if "headers" in line]
    lines = [line for line in printed if "headers" not in line]
    assert len({headers["x-prediction-id"] for headers in answers}) == 4
    assert [headers.get("x-cold-start") for headers in answers] == ["1", None] * 2
    assert [line["cold_start"] for line in lines] == [True, False] * 2
    assert [line.keys() & {"init_ms", "memory_mb"} for line in lines] == [{"memory_mb"}, set()] * 2, "nobody waited"


def test_a_function_with_snapshots_is_primed_before_the_snapshot_and_answers_after_the_restore(
    repository: Path, small_models: Path
) -> None:
    environment = {"SERIN_MODELS_DIR": str(small_models), "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}
    told = run_under(repository, environment, [EVENT.encode()] * 2)
    assert told.asked[:3] == ["/restore/next", "/invocation/next", "/invocation/r-0/response"]
    answers = [json.loads(answer) for answer in told.answers]
    assert [answer["statusCode"] for answer in answers] == [200, 200]
    assert [json.loads(answer["body"])["predictions"] for answer in answers] == [[{"value": 6.0}]] * 2
    assert [answer["headers"].get("x-cold-start") for answer in answers] == ["1", None]
    lines = [json.loads(line) for line in told.printed.splitlines() if line.startswith("{")]
    assert [line["cold_start"] for line in lines] == [True, False], "priming writes no line and is no request"
