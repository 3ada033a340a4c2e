"""What keeps a machine from measuring is one line."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest
import yaml

import cli.bench.function
import cli.bench.sizes
from cli.main import run
from cli.outcome import ExitCode
from serin.model_folder import load_model_folder
from tests.small_models.multiply import write_multiply


def refusal(models: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert run(["bench", "multiply", "--models", str(models), "--memory", "512"]) == ExitCode.REFUSED
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    return said.err.removeprefix("serin: ").rstrip()


def test_a_machine_that_can_limit_nothing_is_told_what_to_do(
    small_models: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli.bench.sizes, "way_to_limit", lambda: None)
    assert refusal(small_models, capsys) == (
        "processors cannot be limited here: no control group can be written and there is no podman; "
        "--no-cpu-limit measures without, and says so"
    )


def test_a_machine_without_an_emulator_is_told_so(
    small_models: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    said = refusal(small_models, capsys)
    assert said == "runtime interface emulator: none for riscv64; it exists for aarch64 and x86_64"


def test_a_system_that_runs_no_emulator_is_told_so(
    small_models: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert refusal(small_models, capsys) == "the runtime interface emulator runs on Linux; use a Linux machine"


def test_answers_are_not_kept_while_a_model_is_measured(tmp_path: Path) -> None:
    file = write_multiply(tmp_path, "multiply") / "model.yaml"
    plain = load_model_folder(file.parent).manifest
    document = yaml.safe_load(file.read_text())
    document.setdefault("serving", {})["answer_cache"] = {"size": 10, "seconds": 60}
    file.write_text(yaml.safe_dump(document))
    folder = load_model_folder(file.parent)
    assert folder.manifest.serving.answer_cache is not None
    models = cli.bench.function._without_kept_answers(folder, tmp_path / "measured")
    assert load_model_folder(models / "multiply").manifest == plain


def test_a_model_that_keeps_no_answers_is_measured_where_it_is(tmp_path: Path) -> None:
    folder = load_model_folder(write_multiply(tmp_path, "multiply"))
    assert cli.bench.function._without_kept_answers(folder, tmp_path / "measured") == tmp_path
