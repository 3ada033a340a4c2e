"""The deploy guide says what a deploy makes."""

from __future__ import annotations

import re
from pathlib import Path

from tests.infra.synthesis import Synthesis


def services(stacks: tuple[Synthesis, ...]) -> dict[str, set[str]]:
    """By kind of stack, the AWS services of its resources; one that the project plays itself is none."""
    found: dict[str, set[str]] = {}
    for stage in stacks:
        for name, stack in stage.items():
            types = (resource["Type"] for resource in stack.resources.values())
            used = {kind.split("::")[1] for kind in types if kind.startswith("AWS::")}
            found.setdefault(name.partition("-")[0], set()).update(used)
    return found


def test_the_table_of_what_is_made_names_every_stack_and_service(
    every_stage: tuple[Synthesis, ...], repository: Path
) -> None:
    guide = (repository / "docs" / "deploy.md").read_text()
    rows = re.findall(r"^\| `Serin-dev-(\w+)[^|]*\| [^|]+ \| ([^|]+) \|$", guide, re.MULTILINE)
    assert {stack: set(named.split(", ")) for stack, named in rows} == services(every_stage)
