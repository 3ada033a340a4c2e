"""Sample models are admitted by the figures of the real inference function, under the real interface emulator.

The emulator runs one process, and keeps it: which process answers, Lambda chooses.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from functions.release.calls import Calls
from functions.release.golden import GoldenCases
from local.rie import RieProcess
from serin.golden import tolerance_of
from serin.model_folder import GOLDEN_FILE, load_manifest
from serin.release.admission import Admission
from serin.release.record import Settings
from tests.gateway.slots import inference_settings, only_model
from tests.sample_models import MODELS, NAMES

TICK_MS = 10
"""The kernel tells when a process was started to a hundredth of a second, downwards."""


class EmulatedLambda:
    """What the release calls of boto3's client for Lambda, over one emulated function."""

    def __init__(self, process: RieProcess) -> None:
        self._process = process

    def get_function_configuration(self, **_version: str) -> dict[str, str]:
        return {"State": "Active"}

    def get_waiter(self, _name: str) -> EmulatedLambda:
        return self

    def wait(self, **_version: str) -> None:
        """An emulated function is active."""

    def invoke(self, *, Payload: bytes, **_version: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        answer = self._process.invoke(Payload)
        failed = {} if answer.status == 200 else {"FunctionError": "Unhandled"}
        return {"Payload": io.BytesIO(answer.payload), **failed}


@dataclass(frozen=True)
class Subject:
    """One model and the function that serves it."""

    name: str
    folder: Path
    process: RieProcess

    @property
    def settings(self) -> Settings:
        serving = load_manifest(self.folder / "model.yaml").serving
        return Settings(
            max_latency_ms=serving.latency_target_ms,
            memory_mb=serving.memory_mb,
            timeout_seconds=serving.timeout_seconds,
        )

    def admission(self, settings: Settings, golden: Path | None = None) -> Admission:
        tolerance = tolerance_of(load_manifest(self.folder / "model.yaml"))
        calls = Calls(EmulatedLambda(self.process), function="f", model=self.name)
        tolerances = {"": (tolerance.absolute, tolerance.relative)}
        cases = GoldenCases(calls, file=golden or self.folder / GOLDEN_FILE, tolerances=tolerances)
        return cases.admission("2", settings)


@contextmanager
def serving(name: str, room: Path) -> Iterator[Subject]:
    models = only_model(MODELS / name, room)
    with RieProcess(inference_settings(models)) as process:
        yield Subject(name, models / name, process)


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_model_is_admitted_and_every_figure_is_known(name: str, tmp_path: Path) -> None:
    with serving(name, tmp_path) as subject:
        found = subject.admission(subject.settings)
        init_seconds = subject.process.init_seconds
    assert found.problems == ()
    assert found.requests == 100
    assert found.p99_ms is not None
    assert found.memory_mb is not None
    assert found.init_ms is not None
    assert found.first_answer_ms is not None
    assert init_seconds is not None
    assert 0 < found.p99_ms < subject.settings.max_latency_ms  # type: ignore[operator]
    assert 10 < found.memory_mb < 200
    assert 0 < found.init_ms <= init_seconds * 1000 + TICK_MS
    assert found.first_answer_ms > found.init_ms


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subject]:
    with serving("diabetes", tmp_path_factory.mktemp("image")) as found:
        yield found


def test_a_version_beyond_its_limits_is_refused_with_a_line_for_each(subject: Subject) -> None:
    found = subject.admission(subject.settings)
    assert found.memory_mb is not None
    again = subject.admission(replace(subject.settings, max_latency_ms=1e-6, memory_mb=found.memory_mb))
    assert [problem.split(" ")[0] for problem in again.problems] == ["p99", "golden"]
    assert "serving.latency_target_ms is 1e-06" in again.problems[0]
    assert "raise it to" in again.problems[1]


def test_the_peak_of_memory_stays_and_so_does_the_start_when_it_is_asked_twice(subject: Subject) -> None:
    first, second = (subject.admission(subject.settings) for _ in range(2))
    assert first.memory_mb is not None
    assert second.memory_mb is not None
    assert second.memory_mb >= first.memory_mb
    assert second.init_ms == first.init_ms
    assert second.first_answer_ms is None, "its process had answered before"


def test_other_answers_than_are_due_are_refused(subject: Subject, tmp_path: Path) -> None:
    lines = (subject.folder / GOLDEN_FILE).read_text().splitlines()
    case = json.loads(lines[1])
    lines[1] = json.dumps(case | {"prediction": {"value": case["prediction"]["value"] + 1}})
    (tmp_path / "golden.jsonl").write_text("\n".join(lines))
    (problem,) = subject.admission(subject.settings, tmp_path / "golden.jsonl").problems
    assert problem.startswith("case 2: prediction.value: ")


def test_a_model_without_golden_cases_is_held_to_its_memory_and_its_start(tmp_path: Path) -> None:
    with serving("diabetes", tmp_path) as fresh:
        found = fresh.admission(replace(fresh.settings, memory_mb=1.0, timeout_seconds=1e-3), tmp_path / "nowhere")
    assert (found.requests, found.p99_ms) == (0, None)
    assert [problem.split(" ")[0] for problem in found.problems] == ["golden", "a"]


def test_a_version_that_cannot_start_is_not_ready(tmp_path: Path) -> None:
    models = only_model(MODELS / "diabetes", tmp_path)
    (models / "diabetes" / "model.onnx").write_bytes(b"")
    with RieProcess(inference_settings(models)) as process:
        found = Subject("diabetes", models / "diabetes", process).admission(Settings())
    assert found == Admission(problems=("version 2 of model diabetes is not ready; its log says why",))
