"""What a user types to have a stage: `make deploy-local`, then the commands that it shows, then those for AWS.

The verbs for AWS run against the same emulator: their requests are the ones that AWS would get.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cli.outcome import ExitCode
from tests.integration.engine import need_images
from tests.sample_models import NAMES, load_sample
from tests.serving import COMMAND

LAST_LINE = "Ctrl-C stops it and removes what it made.\n"
SECONDS = 600


@dataclass(frozen=True)
class Trial:
    """`make deploy-local` once it answers. ``printed``: its lines; ``environment``: with what it said to export."""

    process: subprocess.Popen[str]
    printed: tuple[str, ...]
    environment: dict[str, str]

    @property
    def address(self) -> str:
        """AWS's part."""
        return self.environment["AWS_ENDPOINT_URL"]

    def serin(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return self._run([*COMMAND, *arguments], stdin)

    def verb(self, name: str, approval: str = "never") -> subprocess.CompletedProcess[str]:
        return self._run([sys.executable, "-m", "local.stage", name, "dev", approval])

    def _run(self, command: list[str], stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


@pytest.fixture(scope="module")
def trial() -> Iterator[Trial]:
    need_images()
    process = subprocess.Popen(
        [sys.executable, "-m", "local.trial", "dev"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    too_late = threading.Timer(SECONDS, os.killpg, (process.pid, signal.SIGKILL))
    too_late.start()
    try:
        printed = lines_until_ready(process)
        yield Trial(process, printed, os.environ | exported(printed))
    finally:
        too_late.cancel()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=60)


def lines_until_ready(process: subprocess.Popen[str]) -> tuple[str, ...]:
    assert process.stdout is not None
    printed: list[str] = []
    for line in process.stdout:
        printed.append(line)
        if line == LAST_LINE:
            return tuple(printed)
    raise AssertionError(f"make deploy-local ended with {process.wait()}: {process.communicate()[1]}")


def exported(printed: tuple[str, ...]) -> dict[str, str]:
    [line] = [line for line in printed if line.startswith("export ")]
    return dict(word.split("=", 1) for word in line.split()[1:])


def rows(name: str) -> str:
    return json.dumps([case.instance for case in load_sample(name).cases])


def test_it_ends_with_the_address_a_key_and_a_prediction_through_it(trial: Trial) -> None:
    assert re.fullmatch(r"Stage dev answers at http://127\.0\.0\.1:\d+/_aws/execute-api/\w+/dev\n", trial.printed[0])
    assert re.fullmatch(r"  API key  \w{20,}\n", trial.printed[1])
    assert re.fullmatch(r"breast-cancer predicts (benign|malignant)  [01]\.\d{4}\n", trial.printed[3])


def test_the_line_of_each_model_can_be_pasted_into_a_shell(trial: Trial) -> None:
    lines = [line for line in trial.printed if line.startswith("curl ")]
    answers = [
        json.loads(subprocess.run(["bash", "-c", line], capture_output=True, timeout=60, check=True).stdout)
        for line in lines
    ]
    assert [answer["model"] for answer in answers] == list(NAMES)
    assert all(len(answer["predictions"]) == 1 for answer in answers)


@pytest.mark.parametrize("name", NAMES)
def test_golden_cases_hold_through_the_stage(name: str, trial: Trial) -> None:
    sample = load_sample(name)
    done = trial.serin("predict", name, "--input", "-", "--json", "--stage", "dev", stdin=rows(name))
    assert done.returncode == ExitCode.OK, done.stderr
    assert sample.differences(json.loads(done.stdout)["predictions"], sample.cases) == []


def test_the_stage_lists_what_the_folder_lists(trial: Trial, repository: Path) -> None:
    here = subprocess.run([*COMMAND, "models"], cwd=repository, capture_output=True, text=True, check=True)
    assert trial.serin("models", "--stage", "dev").stdout == here.stdout


def test_another_key_is_refused_in_one_line(trial: Trial) -> None:
    done = trial.serin("models", "--stage", "dev", "--api-key", "not-a-key-of-this-stage")
    assert done.returncode == ExitCode.REFUSED
    assert re.fullmatch(r"serin: .*\[403 forbidden\] \(request [\w-]+\)\n", done.stderr)


def test_a_stage_that_is_not_deployed_is_one_line(trial: Trial) -> None:
    done = trial.serin("models", "--stage", "prod")
    assert done.returncode == ExitCode.AWS_REFUSED
    assert done.stderr.startswith("serin: stage 'prod' is not deployed here: region us-east-1 has no stack ")


def test_a_bootstrap_is_done_once_and_may_be_repeated(trial: Trial) -> None:
    done = trial.verb("bootstrap")
    assert done.returncode == 0, done.stderr
    assert "aws://000000000000/us-east-1 bootstrapped (no changes)" in done.stdout + done.stderr


def test_nothing_differs_after_a_deploy(trial: Trial) -> None:
    done = trial.verb("diff")
    assert done.returncode == 0, done.stderr
    assert "Number of stacks with differences: 0" in done.stdout + done.stderr


def test_a_deploy_of_nothing_new_changes_nothing_and_ends_with_what_to_type_next(trial: Trial) -> None:
    done = trial.verb("deploy")
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert said.count("(no changes)") == len(NAMES) + 3
    assert done.stdout.splitlines()[-3:] == [
        trial.printed[0].rstrip(),
        "  .venv/bin/serin models --stage dev",
        "  .venv/bin/serin predict breast-cancer --stage dev --input row.json",
    ]


def test_a_destroy_asks_first_and_without_a_terminal_does_nothing(trial: Trial) -> None:
    assert trial.verb("destroy", "broadening").returncode != 0
    assert trial.serin("models", "--stage", "dev").returncode == ExitCode.OK


def test_after_a_destroy_the_stage_is_gone(trial: Trial) -> None:
    done = trial.verb("destroy")
    assert done.returncode == 0, done.stderr
    assert trial.serin("models", "--stage", "dev").returncode == ExitCode.AWS_REFUSED


def test_control_c_ends_it_and_leaves_no_listener(trial: Trial) -> None:
    os.killpg(trial.process.pid, signal.SIGINT)
    assert trial.process.wait(60) == 0
    where = urlsplit(trial.address)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((str(where.hostname), where.port or 80)).close()
