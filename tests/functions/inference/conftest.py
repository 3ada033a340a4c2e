"""The inference function under the real emulator, once for every sample model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import pytest

from local.rie import RieProcess
from tests.gateway.invocation import send
from tests.gateway.slots import inference_settings, only_model
from tests.golden_calls import GoldenCalls
from tests.sample_models import MODELS, NAMES, load_sample


@dataclass(frozen=True)
class Served(GoldenCalls):
    """One sample model and the function that serves it."""

    process: RieProcess


@pytest.fixture(scope="module", params=NAMES)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    models = only_model(MODELS / request.param, tmp_path_factory.mktemp("image"))
    with RieProcess(inference_settings(models)) as process:
        yield Served(load_sample(request.param), partial(send, process), process)
