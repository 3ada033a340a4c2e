"""The catalogue function's environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from functions.catalog.settings import Settings


def test_the_environment_names_the_models_and_their_functions() -> None:
    settings = Settings.from_environment(
        {"SERIN_MODELS_DIR": "/var/task/models", "SERIN_FUNCTIONS": '{"iris": "iris-function:live"}'}
    )
    assert settings == Settings(models=Path("/var/task/models"), functions={"iris": "iris-function:live"})


def test_an_empty_environment_means_the_models_folder_and_no_functions() -> None:
    assert Settings.from_environment({}) == Settings(models=Path("models"), functions={})


@pytest.mark.parametrize("text", ["", "iris", "[]", '{"iris": 1}', '{"iris"'])
def test_functions_that_are_no_map_are_one_clear_line(text: str) -> None:
    with pytest.raises(ValueError, match=r"^SERIN_FUNCTIONS must be a JSON object of function names by model$"):
        Settings.from_environment({"SERIN_FUNCTIONS": text})
