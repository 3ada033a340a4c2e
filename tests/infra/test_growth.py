"""How a stage grows with its models: by the same resources for each, whatever their number."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.infra.stages import DEV
from tests.infra.synthesis import copy_project, synthesise, write_model

# CloudFormation's quotas.
MOST_RESOURCES = 500
MOST_BYTES = 1_000_000


def _count(models: int, root: Path, output: Path) -> dict[str, int]:
    """Resources by stack, the models' as one."""
    for i in range(models):
        write_model(root, f"model-{i}")
    start = time.perf_counter()
    stacks = synthesise(DEV, root, output)
    seconds = time.perf_counter() - start
    counts: dict[str, int] = {}
    for name, stack in stacks.items():
        kind = name.split("-")[0]
        counts[kind] = counts.get(kind, 0) + len(stack.resources)
        assert len(stack.resources) <= MOST_RESOURCES, name
        assert Path(output, f"{stack.name}.template.json").stat().st_size <= MOST_BYTES, name
    print(f"{models} models: {seconds:.1f} s, {sum(counts.values())} resources {counts}")  # noqa: T201
    return counts


def test_resources_grow_in_proportion_to_models(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    root = copy_project(tmp_path_factory.mktemp("growth"))
    with capsys.disabled():
        print()  # noqa: T201
        one, ten, fifty = (_count(n, root, tmp_path_factory.mktemp("out")) for n in (1, 10, 50))
    assert ten["Model"] == 10 * one["Model"]
    assert fifty["Model"] == 50 * one["Model"]
    assert ten["Platform"] == fifty["Platform"] == one["Platform"]
    a_model = (ten["Api"] - one["Api"]) / 9
    assert fifty["Api"] == one["Api"] + 49 * a_model
    # Of the catalogue, one policy for every twenty models.
    assert (ten["Catalog"], fifty["Catalog"]) == (one["Catalog"], one["Catalog"] + 2)
