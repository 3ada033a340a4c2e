"""The small models, loaded, behind the data plane."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from serin.protocol import Datatype
from serin.service import Service
from tests.small_models import loaded
from tests.small_models.catalogue import ALL, identity
from tests.unit.runtime.planes import Plane


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """All small models, and ``texts``: one text a row."""
    texts = identity(Datatype.BYTES, rank=1, name="texts")
    return loaded([*ALL, texts], tmp_path_factory.mktemp("models"))


@pytest.fixture
def plane(service: Service) -> Iterator[Plane]:
    plane = Plane(service)
    yield plane
    assert '"level":"ERROR"' not in plane.text
