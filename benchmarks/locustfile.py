"""A longer load than `serin bench --url` sends, for Locust: it spreads users over processes and machines.

`locust --locustfile benchmarks/locustfile.py --host URL --model NAME --users 20 --run-time 10m --headless`; every user
sends one request a second. What a new process answered is counted apart, as "predict, cold".
"""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import quote

from locust import FastHttpUser, constant_throughput, events, task
from locust.argument_parser import LocustArgumentParser

from cli.bench.connection import COLD_START
from cli.bench.rows import request_bodies
from cli.credentials import given
from cli.models import folder_of
from serin.model_folder import load_model_folder

TIMEOUT_S: Final = 35
"""API Gateway ends a request after 29 s."""


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def add_options(parser: LocustArgumentParser) -> None:
    """What `serin bench --url` takes too."""
    parser.add_argument("--model", required=True, help="Name of the model.")
    parser.add_argument("--models", default="models", env_var="SERIN_MODELS", help="Folder that holds its folder.")
    parser.add_argument("--api-key", env_var="SERIN_API_KEY", help="Sent as x-api-key.", is_secret=True)
    parser.add_argument("--token", env_var="SERIN_TOKEN", help="Sent as bearer token.", is_secret=True)


class Client(FastHttpUser):
    """Sends the model's golden cases, or its example, one after the other."""

    wait_time = constant_throughput(1)
    network_timeout = connection_timeout = TIMEOUT_S

    def on_start(self) -> None:
        """Read the rows before the clock runs."""
        options = self.environment.parsed_options
        folder = load_model_folder(folder_of(Path(options.models), options.model))
        golden = folder.lock.golden.file.file if folder.lock.golden else None
        self._bodies = [body.decode() for body in request_bodies(folder.path, folder.manifest, golden)]
        self._path = f"/models/{quote(options.model, safe='')}/predict"
        self._headers = {"content-type": "application/json"}
        self._headers |= given(options.api_key, options.token).added("POST", self._path, self._headers, None)
        self._sent = 0

    @task
    def predict(self) -> None:
        """One request."""
        body = self._bodies[self._sent % len(self._bodies)]
        self._sent += 1
        with self.client.post(
            self._path, data=body, headers=self._headers, name="predict", catch_response=True
        ) as response:
            if response.headers.get(COLD_START) == "1":
                response.request_meta["name"] = "predict, cold"
