"""The commands of the guides that need an AWS account: every verb, option and field in them exists.

In a document, a ``bash`` block holds what somebody with an account types. A ``python`` block is a setting, a ``jsonc``
block a policy.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import msgspec
import pytest
import typer
import yaml
from botocore import xform_name

from cli.main import app
from infra.config import Stage
from local.stage import VERBS
from serin.manifest import Serving
from tests.infra.stages import DEV

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# Checked by eye: not the project's, and known to whoever types them.
OTHERS = {"curl", "export", "npx"}


def blocks(kind: str) -> list[str]:
    """Every block of one language, of all documents."""
    found = re.compile(rf"^```{kind}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    return [block for document in DOCUMENTS for block in found.findall(document.read_text())]


def commands() -> Iterator[list[str]]:
    """The words of every command of the ``bash`` blocks."""
    for block in blocks("bash"):
        for line in block.replace("\\\n", " ").splitlines():
            if words := shlex.split(line, comments=True):
                yield words


def of(*programs: str) -> list[list[str]]:
    return [words for words in commands() if words[0] in programs]


def test_every_command_is_of_a_program_that_is_checked_here() -> None:
    assert {words[0] for words in commands()} <= {
        "make",
        "aws",
        ".venv/bin/serin",
        ".venv/bin/locust",
        ".venv/bin/pip",
        *OTHERS,
    }


@pytest.mark.parametrize("words", of(".venv/bin/pip"), ids=" ".join)
def test_what_is_to_be_installed_exists(words: list[str]) -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = [match[1] for word in words if (match := re.fullmatch(r"\.\[(\w+)\]", word))]
    locks = [word for word in words if word.endswith(".txt")]
    assert named or locks
    assert set(named) <= extras.keys()
    assert all((ROOT / lock).is_file() for lock in locks)


@pytest.mark.parametrize("words", of("make"), ids=" ".join)
def test_every_verb_exists_and_takes_what_it_is_given(words: list[str]) -> None:
    known = re.findall(r"^([A-Z]+) \?=", (ROOT / "Makefile").read_text(), re.MULTILINE)
    given = [word.split("=")[0] for word in words[1:] if "=" in word]
    assert set(given) <= set(known)
    environment = {"PATH": os.environ["PATH"]}
    done = subprocess.run(["make", "-n", *words[1:]], cwd=ROOT, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_guide_has_every_verb_of_a_stage() -> None:
    typed = {word for words in of("make") for word in words[1:]}
    assert VERBS.keys() - {"synth"} <= typed


@pytest.mark.parametrize("words", of(".venv/bin/serin"), ids=" ".join)
def test_every_option_of_the_command_line_exists(words: list[str]) -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    context, left = group.make_context("serin", words[1:2], resilient_parsing=True), words[1:]
    while isinstance(group, typer.core.TyperGroup):
        command = group.get_command(context, left[0])
        assert command is not None
        is_last = not isinstance(command, typer.core.TyperGroup)
        context = command.make_context(left[0], left[1:], parent=context, resilient_parsing=not is_last)
        group, left = command, left[1:]


@pytest.mark.parametrize("words", of("aws"), ids=" ".join)
def test_every_command_of_aws_exists(words: list[str]) -> None:
    _, service, operation, *rest = words
    model = botocore.session.get_session().get_service_model(service)
    operations = {xform_name(name, "-"): name for name in model.operation_names}
    shape: Any = model.operation_model(operations[operation]).input_shape
    known = {f"--{xform_name(member, '-')}" for member in shape.members}
    # Booleans of an input have no value on the command line; --query is of every command.
    assert {word for word in rest if word.startswith("--")} <= known | {"--include-value", "--query"}


@pytest.mark.parametrize("block", blocks("python"))
def test_every_setting_of_a_stage_can_be_made(block: str) -> None:
    *imports, stage = re.split(r"\n(?=Stage\()", block)
    names: dict[str, Any] = {}
    exec("\n".join(imports), names)  # noqa: S102 - the project's own guide
    assert isinstance(eval(stage, names), Stage)  # noqa: S307 - as above


def test_every_field_of_a_stage_is_explained() -> None:
    guide = (ROOT / "docs" / "deploy.md").read_text()
    section = guide.partition("## Settings of a stage")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    explained = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert explained == set(DEV.__dataclass_fields__) - {"name"}


@pytest.mark.parametrize("block", blocks("jsonc"))
def test_every_policy_is_one(block: str) -> None:
    policy = json.loads(block)
    assert policy.keys() == {"Version", "Statement"}
    assert all(statement["Effect"] == "Allow" for statement in policy["Statement"])


@pytest.mark.parametrize("block", [block for block in blocks("yaml") if block.startswith("serving:")])
def test_every_setting_of_serving_can_be_made(block: str) -> None:
    assert msgspec.convert(yaml.safe_load(block)["serving"], Serving) != Serving()


def test_there_is_something_to_check() -> None:
    assert len(of("make")) >= 5
    assert len(of("aws")) >= 2
    assert len(of(".venv/bin/serin")) >= 2
    assert blocks("python")
    assert len([block for block in blocks("yaml") if block.startswith("serving:")]) >= 2
    assert len(blocks("jsonc")) >= 3
