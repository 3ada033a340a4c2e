"""Each stage is synthesised once and read by many tests: CDK takes seconds."""

from __future__ import annotations

from pathlib import Path

import aws_cdk as cdk
import pytest

from infra.platform_stack import PlatformStack
from tests.infra.stages import DEV, PROD, SIGNED, TOKENS
from tests.infra.synthesis import Synthesis, copy_project, synthesise, write_model


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three models: ``plain``, ``snap`` with SnapStart on arm64, ``warm`` by the clock, keeping answers."""
    root = copy_project(tmp_path_factory.mktemp("project"))
    write_model(root, "plain")
    write_model(
        root,
        "snap",
        version="2.1.0",
        serving={"snap_start": True, "reserved_concurrency": 50, "memory_mb": 2048, "architecture": "arm64"},
        monitoring={"log_retention_days": 90, "error_rate_alarm": 0.05},
    )
    clock = {"min": 2, "max": 10, "schedule": "cron(0 7 * * ? *)", "until": "cron(0 19 * * ? *)"}
    kept = {"size": 1000, "seconds": 60}
    write_model(
        root, "warm", serving={"provisioned_concurrency": clock, "answer_cache": kept}, release={"steps": [100]}
    )
    return root


@pytest.fixture
def app_scope() -> PlatformStack:
    """A stack to put a construct into; nothing is synthesised."""
    return PlatformStack(cdk.App(), stage=DEV)


@pytest.fixture(scope="session")
def dev(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    return synthesise(DEV, project, tmp_path_factory.mktemp("dev"))


@pytest.fixture(scope="session")
def prod(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    return synthesise(PROD, project, tmp_path_factory.mktemp("prod"))


@pytest.fixture(scope="session")
def tokens(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    """A stage with bearer tokens, a domain, a web page that calls, an explicit account."""
    return synthesise(TOKENS, project, tmp_path_factory.mktemp("tokens"))


@pytest.fixture(scope="session")
def signed(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    """A stage with IAM access and a firewall."""
    return synthesise(SIGNED, project, tmp_path_factory.mktemp("signed"))


@pytest.fixture(scope="session")
def every_stage(dev: Synthesis, prod: Synthesis, tokens: Synthesis, signed: Synthesis) -> tuple[Synthesis, ...]:
    return (dev, prod, tokens, signed)
