from __future__ import annotations

import re
from pathlib import Path

import yaml


def test_the_workflow_may_only_read_and_runs_pinned_actions(repository: Path) -> None:
    text = (repository / ".github/workflows/check.yml").read_text()
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["jobs"]["check"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    actions = re.findall(r"uses: (.*)", text)
    assert actions
    assert all(re.fullmatch(r"[a-z/-]+@[0-9a-f]{40} # v[0-9.]+", action) for action in actions)


def test_hooks_run_tools_that_the_tests_lock_pins(repository: Path) -> None:
    hooks = yaml.safe_load((repository / ".pre-commit-config.yaml").read_text())["repos"]
    assert [repo["repo"] for repo in hooks] == ["local"]
    modules = {match[1] for hook in hooks[0]["hooks"] if (match := re.search(r"-m (\w+)", hook["entry"]))}
    pinned = (repository / "tests/requirements.txt").read_text()
    assert modules == {module for module in modules if f"\n{module}==" in pinned}
