"""The two ways to run everything: one process under uvicorn, and Lambda functions behind API Gateway."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from local.rie import RieProcess
from serin.model_folder import MANIFEST_FILE, load_manifest
from tests.gateway.control import PARAMETER_PATH, Published
from tests.gateway.server import Gateway, Routes
from tests.gateway.slots import catalog_settings, inference_settings, only_model
from tests.sample_models import MODELS, NAMES
from tests.serving import serving

JSON: Final = (("Content-Type", "application/json"),)
BINARY: Final = "application/octet-stream"
HOST: Final = "localhost"
"""What every request says, so that a page that shows its own address shows the same one."""

_SECONDS: Final = 30
_LONGEST_MODULE: Final = 300
"""Seconds that a module's tests may take on a machine with much else to do."""


@dataclass(frozen=True)
class Exchange:
    """A request, its path as it goes over the wire, and the status that is due."""

    status: int
    method: str
    target: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = JSON


def rows(*instances: Mapping[str, Any]) -> bytes:
    """A predict request's body."""
    return json.dumps({"instances": instances}).encode()


def binary(json_length: object) -> tuple[tuple[str, str], ...]:
    """Headers of a request with binary tensors."""
    return (("Content-Type", BINARY), ("Inference-Header-Content-Length", str(json_length)))


@dataclass(frozen=True)
class Answer:
    """``headers``: lower-case names; several values of one name side by side."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Shell:
    """One way to run everything. ``url`` has no slash at its end."""

    name: str
    url: str

    def send(self, exchange: Exchange) -> Answer:
        """Send the request as it is: nothing is normalised, added or followed."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=_SECONDS)
        try:
            connection.putrequest(exchange.method, exchange.target, skip_host=True, skip_accept_encoding=True)
            for name, value in (("Host", HOST), *exchange.headers):
                connection.putheader(name, value)
            if exchange.body or exchange.method not in {"GET", "HEAD"}:
                connection.putheader("Content-Length", str(len(exchange.body)))
            connection.endheaders(exchange.body)
            response = connection.getresponse()
            headers: dict[str, list[str]] = {}
            for name, value in response.getheaders():
                headers.setdefault(name.lower(), []).append(value)
            joined = {name: ", ".join(values) for name, values in headers.items()}
            return Answer(response.status, joined, response.read())
        finally:
            connection.close()


@contextmanager
def uvicorn_shell() -> Iterator[Shell]:
    """``serin serve`` over the sample models."""
    with serving(MODELS, seconds=_LONGEST_MODULE) as served:
        yield Shell("uvicorn", served.url)


@contextmanager
def lambda_shell(room: Path) -> Iterator[Shell]:
    """A function for each sample model and the catalogue's, each under the emulator, behind the gateway."""
    with Gateway() as gateway, ExitStack() as stack:

        def start(name: str) -> RieProcess:
            settings = inference_settings(only_model(MODELS / name, room))
            return stack.enter_context(RieProcess(settings))

        gateway.routes = Routes(
            models={name: start(name) for name in NAMES},
            catalog=stack.enter_context(RieProcess(catalog_settings(_catalog_environment(gateway.url)))),
            names={f"inference-{name}": name for name in NAMES},
            published={
                f"inference-{name}": Published({"1": load_manifest(MODELS / name / MANIFEST_FILE).version})
                for name in NAMES
            },
        )
        yield Shell("lambda", gateway.url)


def _catalog_environment(url: str) -> dict[str, str]:
    """Where the models' aliases are written down, and where AWS's API is."""
    return {
        "SERIN_MODELS_DIR": str(MODELS),
        "SERIN_MODELS_PARAMETER_PATH": PARAMETER_PATH,
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
