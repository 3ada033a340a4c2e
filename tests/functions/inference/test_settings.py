"""The environment, parsed once."""

from __future__ import annotations

import pytest

from functions.inference.settings import Settings


def test_an_empty_environment_has_one_thread_and_the_folder_of_the_image() -> None:
    assert Settings.from_environment({}) == Settings(
        models="models", threads=1, function_version=None, cors_origin=None, signer=None
    )


@pytest.mark.parametrize(("memory_mb", "threads"), [("128", 1), ("1769", 1), ("3537", 1), ("3538", 2), ("10240", 5)])
def test_a_thread_for_every_whole_processor_that_the_memory_buys(memory_mb: str, threads: int) -> None:
    assert Settings.from_environment({"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": memory_mb}).threads == threads


def test_the_folder_of_models_is_a_setting() -> None:
    assert Settings.from_environment({"SERIN_MODELS_DIR": "elsewhere"}).models == "elsewhere"


def test_lambda_tells_the_published_version_and_the_stage_the_page_that_may_read_and_the_key() -> None:
    settings = Settings.from_environment(
        {"AWS_LAMBDA_FUNCTION_VERSION": "7", "SERIN_CORS_ORIGIN": "https://app.example.org", "SERIN_SIGNER": "0a"}
    )
    assert (settings.function_version, settings.cors_origin) == ("7", "https://app.example.org")
    assert settings.signer == "0a"
