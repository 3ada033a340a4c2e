"""Both shells, started once for a module; the container engine, where there is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from local.base_image import base_image
from local.containers import PodmanService
from tests.integration.engine import Engine, need_images
from tests.integration.shells import Shell, lambda_shell, uvicorn_shell
from tests.sample_models import NAMES, Sample, load_sample


@pytest.fixture(scope="module")
def shells(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Shell]]:
    with uvicorn_shell() as uvicorn, lambda_shell(tmp_path_factory.mktemp("images")) as on_lambda:
        yield {shell.name: shell for shell in (uvicorn, on_lambda)}


@pytest.fixture(scope="session")
def samples() -> Mapping[str, Sample]:
    return {name: load_sample(name) for name in NAMES}


@pytest.fixture(scope="session")
def engine(repository: Path) -> Iterator[Engine]:
    need_images()
    with PodmanService() as podman:
        yield Engine(podman, base_image(podman.environment), repository)
