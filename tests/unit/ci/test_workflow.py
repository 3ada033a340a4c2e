from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.config import STAGES

READ = {"contents": "read"}
FILES = ("check.yml", "deploy.yml")


def text_of(repository: Path, file: str) -> str:
    return (repository / ".github/workflows" / file).read_text()


@pytest.fixture
def deploy(repository: Path) -> dict[str, Any]:
    """The jobs that go to AWS."""
    jobs: dict[str, Any] = yaml.safe_load(text_of(repository, "deploy.yml"))["jobs"]
    return jobs


def commands(job: dict[str, Any]) -> str:
    return "\n".join(step["run"] for step in job["steps"] if "run" in step)


@pytest.mark.parametrize("file", FILES)
def test_a_workflow_may_only_read_and_runs_pinned_actions(repository: Path, file: str) -> None:
    text = text_of(repository, file)
    assert yaml.safe_load(text)["permissions"] == READ
    actions = re.findall(r"uses: (.*)", text)
    assert actions
    assert all(re.fullmatch(r"[a-z/-]+@[0-9a-f]{40} # v[0-9.]+", action) for action in actions)


@pytest.mark.parametrize("file", FILES)
def test_no_job_is_without_an_end_and_no_clone_keeps_its_token(repository: Path, file: str) -> None:
    for job in yaml.safe_load(text_of(repository, file))["jobs"].values():
        assert job["timeout-minutes"] <= 60
        clones = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
        assert [clone["with"]["persist-credentials"] for clone in clones] == [False]


def test_every_supported_python_is_tried(repository: Path) -> None:
    check = yaml.safe_load(text_of(repository, "check.yml"))["jobs"]["check"]
    assert check["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]


def test_no_key_is_stored_and_only_jobs_that_take_on_a_role_may_ask_for_a_token(
    repository: Path, deploy: dict[str, Any]
) -> None:
    assert "secrets." not in "".join(text_of(repository, file) for file in FILES)
    for name, job in deploy.items():
        takes_on_a_role = any("configure-aws-credentials" in step.get("uses", "") for step in job["steps"])
        assert takes_on_a_role == (name != "synth")
        assert job.get("permissions", READ) == (READ | {"id-token": "write"} if takes_on_a_role else READ)
        assert ("environment" in job) == takes_on_a_role, "the role trusts an environment"


def test_a_pull_request_synthesises_every_stage_and_shows_what_would_change(deploy: dict[str, Any]) -> None:
    assert set(deploy["synth"]["strategy"]["matrix"]["stage"]) == set(STAGES)
    assert "make synth" in commands(deploy["synth"])
    assert "make --silent diff STAGE=dev" in commands(deploy["diff"])
    assert deploy["diff"]["environment"] == "dev-diff"
    assert "head.repo.full_name == github.repository" in deploy["diff"]["if"], "a fork gets no credentials"


def test_what_passed_its_checks_goes_to_dev_and_then_to_prod_where_people_approve(deploy: dict[str, Any]) -> None:
    assert "conclusion == 'success'" in deploy["dev"]["if"]
    assert deploy["prod"]["needs"] == "dev"
    for name in STAGES:
        assert deploy[name]["environment"] == name
        assert f"make deploy STAGE={name} APPROVAL=never" in commands(deploy[name])
        clone = deploy[name]["steps"][0]
        assert clone["with"]["ref"] == "${{ github.event.workflow_run.head_sha }}", "what was checked, not what is new"


def test_hooks_run_tools_that_the_tests_lock_pins(repository: Path) -> None:
    hooks = yaml.safe_load((repository / ".pre-commit-config.yaml").read_text())["repos"]
    assert [repo["repo"] for repo in hooks] == ["local"]
    modules = {match[1] for hook in hooks[0]["hooks"] if (match := re.search(r"-m (\w+)", hook["entry"]))}
    pinned = (repository / "tests/requirements.txt").read_text()
    assert modules == {module for module in modules if f"\n{module}==" in pinned}
