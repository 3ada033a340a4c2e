"""The project's functions as slots of the gateway, each as its image holds it: one model, one function."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from local.rie import RieSettings

REPOSITORY: Final = Path(__file__).resolve().parents[2]
MODELS: Final = REPOSITORY / "models"


def only_model(folder: Path, room: Path) -> Path:
    """A folder of models in ``room`` that holds a copy of ``folder`` and nothing else."""
    models = room / folder.name / "models"
    shutil.copytree(folder, models / folder.name)
    return models


def inference_settings(models: Path, *, timeout_s: int = 30) -> RieSettings:
    """The inference function over the models of one folder."""
    return RieSettings(
        handler="functions.inference.handler.lambda_handler",
        directory=REPOSITORY,
        environment={"SERIN_MODELS_DIR": str(models)},
        timeout_s=timeout_s,
    )


def catalog_settings(environment: Mapping[str, str]) -> RieSettings:
    """The catalogue function."""
    return RieSettings(
        handler="functions.catalog.handler.lambda_handler", directory=REPOSITORY, environment=environment
    )
