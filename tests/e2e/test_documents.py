"""Every command that the README and the docs show is run, and every answer they show is compared.

In a document, a ``sh`` block holds commands for a shell in the repository's root. A ``json`` block right after it is
what they print; there ``"..."`` stands for any text. ``make serve`` is started on a free port for the rest of the
page; other make verbs are looked up, not run, because they install, test or train.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
ORIGIN = "http://127.0.0.1:3000"
BLOCK = re.compile(r"^```(sh|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Step:
    """A block of commands and the JSON that they print, where the document shows it."""

    commands: str
    answer: Any


def steps(document: Path) -> list[Step]:
    """The document's commands, in order."""
    found: list[Step] = []
    for match in BLOCK.finditer(document.read_text()):
        kind, text = match.groups()
        if kind == "sh":
            found.append(Step(text, None))
        elif found and found[-1].answer is None:
            found[-1] = Step(found[-1].commands, json.loads(text))
    return found


@contextmanager
def served(workspace: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        ["make", "--silent", "serve", f"PORT={port}"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    try:
        wait_until_ready(f"http://127.0.0.1:{port}/v2/health/ready", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=15)


def wait_until_ready(url: str, process: subprocess.Popen[str]) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise AssertionError(f"make serve ended: {process.communicate()[1]}")
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - loopback
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("make serve is not ready after 30 s")


def run(commands: str, workspace: Path) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=workspace,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{commands}\n{done.stdout}{done.stderr}"
    return done.stdout


def matches(actual: Any, expected: Any) -> bool:
    if expected == "...":
        return isinstance(actual, str)
    if isinstance(expected, dict) and isinstance(actual, dict):
        return expected.keys() == actual.keys() and all(matches(actual[key], expected[key]) for key in expected)
    if isinstance(expected, list) and isinstance(actual, list):
        return len(expected) == len(actual) and all(map(matches, actual, expected))
    if isinstance(expected, float) and isinstance(actual, float):
        return actual == pytest.approx(expected, rel=1e-3)
    return bool(actual == expected)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """The repository's root as commands see it, with model folders that they may change."""
    for entry in ROOT.iterdir():
        if entry.name == "models":
            shutil.copytree(entry, tmp_path / "models")
        elif not entry.name.startswith(".") or entry.name == ".venv":
            (tmp_path / entry.name).symlink_to(entry)
    return tmp_path


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_works_and_prints_what_the_document_says(document: Path, workspace: Path) -> None:
    def follow(todo: list[Step], origin: str) -> None:
        for i, step in enumerate(todo):
            if step.commands.strip().endswith("make serve"):
                with served(workspace) as own_origin:
                    follow(todo[i + 1 :], own_origin)
                return
            commands = re.sub(r"^make (?=\w)", "make -n ", step.commands, flags=re.MULTILINE)
            printed = run(commands.replace(ORIGIN, origin), workspace)
            if step.answer is not None:
                assert matches(json.loads(printed), step.answer), f"{step.commands}\n{printed}"

    follow(steps(document), ORIGIN)


def test_the_documents_hold_commands() -> None:
    assert sum(len(steps(document)) for document in DOCUMENTS) >= 10
