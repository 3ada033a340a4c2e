from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import run
from cli.outcome import ExitCode

COMMANDS = (
    "serve",
    "models",
    "predict",
    "init",
    "package",
    "lock",
    "sign",
    "verify",
    "show",
    "diff",
    "bench",
    "optimize",
    "doctor",
    "release",
    "schema",
)


def refusal(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Exit code and the one line on stderr."""
    code = run(arguments)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("serin: ")
    assert said.err.count("\n") == 1
    return code, said.err


@pytest.mark.parametrize("arguments", [["--help"], []])
def test_help_names_every_command_and_every_exit_code(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == ExitCode.OK
    text = capsys.readouterr().out
    assert all(f"\n  {command} " in text for command in COMMANDS)
    assert all(f"  {code:d}  {code.meaning}" in text for code in ExitCode)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_has_examples_of_it(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "--help"]) == ExitCode.OK
    _, examples = capsys.readouterr().out.split("examples:\n")
    assert f"serin {command}" in examples.partition("\n\n")[0]


def test_help_needs_neither_the_engine_nor_the_web_stack_nor_aws() -> None:
    script = "import sys; from cli.main import run; run(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    heavy = {"onnxruntime", "numpy", "fastapi", "uvicorn", "rich", "msgspec", "boto3", "botocore"}
    assert heavy.isdisjoint(done.stderr.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope"], "No such command 'nope'; see `serin --help`"),
        (["predict"], "Missing argument 'MODEL'; see `serin predict --help`"),
        (["predict", "multiply"], "Missing option '--input'; see `serin predict --help`"),
        (["serve", "--prot", "1"], "No such option: --prot"),
        (["serve", "--port", "65536"], "'--port'"),
        (["serve", "--port", "http"], "'--port'"),
        (["models", "--url", "ftp://example.com"], "--url: expected something like https://host"),
        (["models", "--url", "http://"], "--url: expected something like https://host"),
        (["models", "--url", "http://h", "--api-key", "a\nb"], "--api-key: holds a character"),
    ],
)
def test_wrong_usage_is_one_line(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, line = refusal(arguments, capsys)
    assert code == ExitCode.USAGE
    assert said in line


def test_the_port_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORT", "eighty")
    code, line = refusal(["serve"], capsys)
    assert code == ExitCode.USAGE
    assert "env var: 'PORT'" in line


@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["models"], ["predict", "x", "--input", "/dev/null"]])
def test_a_folder_without_models_is_refused_in_one_line(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "row.json").write_text("{}")
    command = [str(tmp_path / "row.json") if word == "/dev/null" else word for word in command]
    code, line = refusal([*command, "--models", str(tmp_path)], capsys)
    assert code == ExitCode.REFUSED
    assert line == f"serin: {tmp_path}: no model here; a model is a sub-folder with a model.yaml\n"


def test_a_broken_manifest_names_file_and_field(small_models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = small_models / "multiply" / "model.yaml"
    manifest.write_text(manifest.read_text().replace("range:", "rnage:"))
    code, line = refusal(["serve", "--port", "0", "--models", str(small_models)], capsys)
    assert code == ExitCode.REFUSED
    assert line == f"serin: {manifest}: features[0].rnage: unknown key; did you mean `range`?\n"


def test_lock_writes_what_serving_asks_for(small_models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock = small_models / "multiply" / "model.lock.json"
    lock.unlink()
    assert run(["models", "--models", str(small_models)]) == ExitCode.REFUSED
    assert f"{lock}: is missing" in capsys.readouterr().err
    assert run(["lock", "multiply", "--models", str(small_models)]) == ExitCode.OK
    assert capsys.readouterr().out == f"{lock} is written; no golden cases\n"
    assert run(["models", "--models", str(small_models)]) == ExitCode.OK


def test_the_names_of_models_are_completed(small_models: Path) -> None:
    environment = {"_SERIN_COMPLETE": "complete_bash", "COMP_WORDS": "serin predict mul", "COMP_CWORD": "2"}
    done = subprocess.run(
        [sys.executable, "-c", "from cli.main import main; main()"],
        cwd=small_models.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "multiply\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_can_be_shown_for_the_shell(shell: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from cli.main import main; main()", "--show-completion", shell],
        env={"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "_SERIN_COMPLETE" in done.stdout
