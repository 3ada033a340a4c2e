"""One snapshot a stack: a change of any template is seen in review.

``UPDATE_SNAPSHOTS=1 python -m pytest tests/infra/test_snapshots.py`` writes them anew.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pytest

from tests.infra.synthesis import Synthesis, masked

SNAPSHOTS: Final = Path(__file__).parent / "snapshots"
STACKS: Final = (
    ("dev", "Platform"),
    ("dev", "Model-plain"),
    ("dev", "Model-snap"),
    ("dev", "Model-warm"),
    ("dev", "Catalog"),
    ("dev", "Api"),
    ("prod", "Api"),
    ("tokens", "Api"),
    ("signed", "Api"),
)


@pytest.mark.parametrize(("stage", "stack"), STACKS)
def test_a_template_is_what_was_reviewed(request: pytest.FixtureRequest, stage: str, stack: str) -> None:
    stacks: Synthesis = request.getfixturevalue(stage)
    text = masked(stacks[stack].body)
    snapshot = SNAPSHOTS / f"{stage}-{stack}.json"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        snapshot.parent.mkdir(exist_ok=True)
        snapshot.write_text(text)
    assert text == snapshot.read_text()


def test_every_stack_of_a_stage_has_a_snapshot(dev: Synthesis) -> None:
    assert dev.keys() == {stack for stage, stack in STACKS if stage == "dev"}


def test_every_snapshot_is_of_a_stack() -> None:
    assert {path.stem for path in SNAPSHOTS.iterdir()} == {f"{stage}-{stack}" for stage, stack in STACKS}
