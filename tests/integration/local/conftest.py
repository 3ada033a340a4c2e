"""One emulator for the tests that share it, without containers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.emulator import Emulator


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running
