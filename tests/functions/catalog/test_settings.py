"""The catalogue function's environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from functions.catalog.credentials import Credentials
from functions.catalog.settings import Settings


def test_the_environment_names_the_models_their_aliases_their_releases_and_the_page_that_may_ask() -> None:
    settings = Settings.from_environment(
        {
            "SERIN_MODELS_DIR": "/var/task/models",
            "SERIN_MODELS_PARAMETER_PATH": "/serin/dev/models",
            "SERIN_CREDENTIALS": "jwt",
            "SERIN_RELEASES_TABLE": "releases",
            "SERIN_CORS_ORIGIN": "https://app.example.org",
        }
    )
    assert settings == Settings(
        models=Path("/var/task/models"),
        parameter_path="/serin/dev/models",
        credentials=Credentials.JWT,
        releases_table="releases",
        cors_origin="https://app.example.org",
    )


def test_the_defaults_are_the_models_folder_a_key_no_releases_and_no_page() -> None:
    settings = Settings.from_environment({"SERIN_MODELS_PARAMETER_PATH": "/serin/dev/models"})
    assert settings == Settings(
        models=Path("models"),
        parameter_path="/serin/dev/models",
        credentials=Credentials.API_KEY,
        releases_table=None,
        cors_origin=None,
    )


@pytest.mark.parametrize("environment", [{}, {"SERIN_MODELS_PARAMETER_PATH": ""}])
def test_a_missing_path_is_one_clear_line(environment: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"^SERIN_MODELS_PARAMETER_PATH must name the path of the models' parameters$"):
        Settings.from_environment(environment)
