"""The inference function under the real emulator, once for every sample model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import pytest

from local.rie import RieProcess
from tests.gateway.events import HttpRequest, HttpResponse, http_response, proxy_event
from tests.gateway.slots import inference_settings, only_model
from tests.sample_models import MODELS, NAMES, Sample, load_sample


@dataclass(frozen=True)
class Served:
    """One sample model and the function that serves it."""

    sample: Sample
    process: RieProcess

    def send(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> HttpResponse:
        """What the function answers to API Gateway's event of this request."""
        return send(self.process, method, path, body, headers)


def send(
    process: RieProcess, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> HttpResponse:
    headers = {"Content-Type": "application/json"} if headers is None else headers
    event = proxy_event(HttpRequest(method, path, tuple(headers.items()), body), "127.0.0.1")
    return http_response(process.invoke(msgspec.json.encode(event)).payload)


@pytest.fixture(scope="module", params=NAMES)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    models = only_model(MODELS / request.param, tmp_path_factory.mktemp("image"))
    with RieProcess(inference_settings(models)) as process:
        yield Served(load_sample(request.param), process)
