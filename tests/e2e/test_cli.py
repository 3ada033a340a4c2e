from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest

from cli.outcome import ExitCode
from tests.sample_models import NAMES, load_sample
from tests.serving import COMMAND, serving


def serin(*arguments: str, stdin: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], input=stdin, cwd=cwd, capture_output=True, text=True, check=False)


def test_help_comes_within_a_third_of_a_second() -> None:
    def seconds() -> float:
        begun = time.perf_counter()
        assert serin("--help").returncode == ExitCode.OK
        return time.perf_counter() - begun

    assert min(seconds() for _ in range(5)) < 0.3


def test_an_endpoint_and_this_process_give_the_same_answers(repository: Path) -> None:
    with serving(repository / "models") as served:
        for name in NAMES:
            rows = json.dumps([case.instance for case in load_sample(name).cases])
            remote = serin("predict", name, "--input", "-", "--json", "--url", served.url, stdin=rows)
            local = serin("predict", name, "--input", "-", "--json", stdin=rows, cwd=repository)
            answers = [json.loads(done.stdout) for done in (remote, local)]
            assert answers[0]["predictions"] == answers[1]["predictions"]
            assert answers[0]["version"] == answers[1]["version"]


@pytest.mark.parametrize("name", NAMES)
def test_golden_cases_hold_on_the_command_line(name: str, repository: Path) -> None:
    sample = load_sample(name)
    rows = json.dumps({"instances": [case.instance for case in sample.cases]})
    done = serin("predict", name, "--input", "-", "--json", stdin=rows, cwd=repository)
    assert done.returncode == ExitCode.OK
    assert sample.differences(json.loads(done.stdout)["predictions"], sample.cases) == []


def test_an_endpoint_lists_what_the_folder_lists(repository: Path) -> None:
    with serving(repository / "models") as served:
        assert serin("models", "--url", served.url).stdout == serin("models", cwd=repository).stdout


def test_exit_codes_say_who_refused(small_models: Path) -> None:
    with serving(small_models) as served:
        outside = serin("predict", "multiply", "--input", "-", "--url", served.url, stdin='{"x": 1001}')
        unknown = serin("predict", "divide", "--input", "-", "--url", served.url, stdin='{"x": 1}')
        no_json = serin("predict", "multiply", "--input", "-", "--url", served.url, stdin="x=1")
    gone = serin("predict", "multiply", "--input", "-", "--url", served.url, stdin='{"x": 1}')
    ends = {"outside": outside, "unknown": unknown, "no_json": no_json, "gone": gone}
    assert {name: done.returncode for name, done in ends.items()} == {
        "outside": ExitCode.REFUSED,
        "unknown": ExitCode.REFUSED,
        "no_json": ExitCode.USAGE,
        "gone": ExitCode.UNREACHABLE,
    }
    for done in ends.values():
        assert done.stdout == ""
        assert done.stderr.startswith("serin: ")
        assert done.stderr.count("\n") == 1


def test_a_reader_that_leaves_early_sees_no_traceback(repository: Path) -> None:
    command = " ".join(f"'{word}'" for word in COMMAND)
    done = subprocess.run(
        ["bash", "-c", f"{command} schema | head -1"], cwd=repository, capture_output=True, text=True, check=True
    )
    assert done.stdout == "{\n"
    assert done.stderr == ""
