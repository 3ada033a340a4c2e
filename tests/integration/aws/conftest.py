"""The whole app, deployed once as a user deploys it, for the story that this folder's modules tell in their order.

The cloud is the emulator of ``local``, which had to be taught much of AWS (``local.launcher``). So this shows that
the templates deploy, that the parts fit one another, and what our own code does in its containers; it does not show
AWS. Where a test stands on such a lesson, it says so. Permissions are not enforced here at all: least privilege is
held by the templates' tests.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from local.deploy import deploy_local
from tests.golden_calls import predict_body
from tests.integration.aws.deployed import CHANGED, Deployed
from tests.integration.aws.project import Project
from tests.integration.engine import need_images
from tests.sample_models import load_sample


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project.copied_to(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="session")
def deployed(project: Project) -> Iterator[Deployed]:
    """``cdk bootstrap`` and ``cdk deploy --all`` of stage dev."""
    need_images()
    started = time.monotonic()
    with deploy_local(project.root, options=project.options) as deployment:
        yield Deployed(deployment, time.monotonic() - started)


@pytest.fixture
def row() -> bytes:
    """One good request to the model that gets new versions."""
    return predict_body(load_sample(CHANGED).cases[:1])
