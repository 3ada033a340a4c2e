"""Rows to optimise with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.small_models.iris import write_flowers


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Labelled rows of the perceptron."""
    return write_flowers(tmp_path / "flowers.csv")
