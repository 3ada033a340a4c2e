"""How a stage grows with its models: by the same resources for each, whatever their number."""

from __future__ import annotations

import time
from pathlib import Path
from typing import cast

import aws_cdk as cdk
import pytest
from aws_cdk import aws_lambda as lambda_

from infra.access import Access
from infra.config import ConfigurationError, Cors
from infra.gateway import Gateway
from infra.platform_stack import PlatformStack
from infra.routes import Routes, most_models
from tests.infra.stages import DEV
from tests.infra.synthesis import Synthesis, copy_project, synthesise, write_model

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


def test_a_full_api_fits_into_a_stack_whatever_its_stage_has_chosen(every_stage: tuple[Synthesis, ...]) -> None:
    for stacks in every_stage:
        has_cors = "SERIN_CORS_ORIGIN" in str(stacks["Catalog"].properties("AWS::Lambda::Function"))
        # The project that the stages share has three models, one of them named `plain`.
        a_model = sum("plain" in name for name in stacks["Api"].resources)
        assert a_model == (11 if has_cors else 8)
        more = most_models(Cors(origin="*") if has_cors else None) - 3
        assert len(stacks["Api"].resources) + more * a_model <= MOST_RESOURCES, stacks["Api"].name


@pytest.mark.parametrize(("cors", "most"), [(None, 54), (Cors(origin="*"), 39)])
def test_more_models_than_a_stack_holds_are_one_clear_line(
    app_scope: PlatformStack, tmp_path: Path, cors: Cors | None, most: int
) -> None:
    stack = cdk.Stack(app_scope, "Full")
    gateway = Gateway(stack, "Gateway", stage=DEV, key=app_scope.key)
    access = Access(stack, "Access", stage=DEV, key=app_scope.key, root=tmp_path)
    alias = cast("lambda_.IAlias", lambda_.Function.from_function_name(stack, "Any", "any"))
    models = {f"m-{i}": alias for i in range(most + 1)}
    routes = Routes(gateway, stage_name=DEV.name, check=access.check, cors=cors)
    with pytest.raises(ConfigurationError, match=f"models: {most + 1} do not fit into one API, which takes {most} "):
        routes.add(models=models, catalog=alias)
