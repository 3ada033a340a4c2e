"""Both ways in, over the small models, for the whole session: every test is met by the same process."""

from __future__ import annotations

from pathlib import Path

import pytest

from serin.protocol import Datatype
from serin.service import Service
from tests.integration.bad_input.shells import LambdaShell, RestShell, Shell, import_build_handler
from tests.small_models import loaded
from tests.small_models.catalogue import ALL, identity, integer_arithmetic


@pytest.fixture(scope="session")
def models_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def service(models_folder: Path) -> Service:
    """All small models; ``texts``, ``numbers`` and ``open-numbers`` take one-dimensional tensors."""
    more = [
        identity(Datatype.BYTES, rank=1, name="texts"),
        identity(Datatype.FP32, rank=1, name="numbers"),
        identity(Datatype.FP32, rank=1, name="open-numbers", non_finite="allow"),
        *(integer_arithmetic(operator, Datatype.INT32) for operator in ("Div", "Mod")),
        integer_arithmetic("Mod", Datatype.INT64),
    ]
    return loaded([*ALL, *more], models_folder)


@pytest.fixture(scope="session")
def rest_shell(service: Service) -> RestShell:
    return RestShell(service)


@pytest.fixture(scope="session")
def lambda_shell(service: Service, models_folder: Path) -> LambdaShell:
    return LambdaShell(service, import_build_handler(models_folder))


@pytest.fixture(params=["rest", "lambda"])
def shell(request: pytest.FixtureRequest) -> Shell:
    chosen: Shell = request.getfixturevalue(f"{request.param}_shell")
    return chosen
