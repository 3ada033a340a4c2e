"""What every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from local.node import node_folder
from tests.figures import pytest_terminal_summary as pytest_terminal_summary
from tests.scheduling import pytest_collection_modifyitems as pytest_collection_modifyitems
from tests.scheduling import pytest_xdist_make_scheduler as pytest_xdist_make_scheduler
from tests.small_models.multiply import write_multiply

# The CDK's library starts Node.js when it is imported: the environment's own, as in a deploy.
os.environ["PATH"] = os.pathsep.join((str(node_folder()), os.environ["PATH"]))


@pytest.fixture(scope="session")
def repository() -> Path:
    """The project's root."""
    return Path(__file__).resolve().parents[1]


@pytest.fixture
def small_models(tmp_path: Path) -> Path:
    """A models folder with one model, `multiply`, that answers ``x * 2``."""
    models = tmp_path / "models"
    write_multiply(models)
    return models
