"""What keeps a machine from measuring is one line."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest

import cli.bench.sizes
from cli.main import run
from cli.outcome import ExitCode


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
