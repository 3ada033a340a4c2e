from __future__ import annotations

import pytest

from cli.main import run
from cli.outcome import ExitCode

COMMANDS = ("status", "history", "start", "abort", "promote", "rollback", "simulate")


def test_the_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["release", "--help"]) == ExitCode.OK
    text = capsys.readouterr().out
    assert all(f"\n  {command} " in text for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_has_examples_of_it(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["release", command, "--help"]) == ExitCode.OK
    _, examples = capsys.readouterr().out.split("examples:\n")
    assert f"serin release {command}" in examples.partition("\n\n")[0]


@pytest.mark.parametrize("command", ["status", "history", "abort"])
def test_a_stage_that_cannot_be_meant_is_wrong_usage(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    reason = ["--reason", "x"] if command == "abort" else []
    assert run(["release", command, "m", "--stage", "a b", *reason]) == ExitCode.USAGE
    assert capsys.readouterr().err == "serin: --stage: expected the name of a stage, like dev or prod\n"
