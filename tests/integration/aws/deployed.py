"""The app as it stands in the cloud: called over HTTP, and asked of through AWS's own APIs."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from botocore.credentials import Credentials

from cli.credentials import Signature
from local.clients import client
from local.deploy import LocalDeployment
from tests.gateway.events import HttpResponse
from tests.golden_calls import JSON

CHANGED: Final = "diabetes"
"""The model that gets new versions."""

_SECONDS: Final = 60
_BETWEEN_LOOKS: Final = 0.2
_CALLERS: Final = 2


@dataclass(frozen=True)
class Deployed:
    """``seconds``: how long it took to start the cloud, to build the images and to deploy."""

    deployment: LocalDeployment
    seconds: float

    # --- over HTTP ---------------------------------------------------------------------------------------------

    def send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] = JSON,
        *,
        key: str | None = "",
    ) -> HttpResponse:
        """Through the API's stage. ``key``: another than the deploy's own; None sends none."""
        parts = urlsplit(self.deployment.url)
        key = self.deployment.api_key if key == "" else key
        connection = http.client.HTTPConnection(parts.netloc, timeout=_SECONDS)
        try:
            connection.request(
                method, parts.path + path, body or None, dict(headers) | ({"X-Api-Key": key} if key else {})
            )
            answer = connection.getresponse()
            return HttpResponse(answer.status, tuple(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def get(self, path: str) -> Any:
        """The JSON of a good answer."""
        return _good(self.send("GET", path))

    def signed(self, path: str) -> Any:
        """The JSON of a good answer to a request that AWS's credentials have signed, and that has no key."""
        signature = Signature(Credentials("test", "test"), self.deployment.cloud.emulator.settings.region)
        headers = signature.added("GET", self.deployment.url + path, {}, None)
        return _good(self.send("GET", path, headers=headers, key=None))

    @contextmanager
    def traffic(self, path: str, bodies: Sequence[bytes]) -> Iterator[Traffic]:
        """From two callers, each one request after another, until the block ends."""
        traffic, ended, next_body = Traffic(), threading.Event(), cycle(bodies)

        def call() -> None:
            while not ended.is_set():
                answer = self.send("POST", path, next(next_body))
                traffic.answers.append((time.monotonic(), answer))

        callers = [threading.Thread(target=call) for _ in range(_CALLERS)]
        for caller in callers:
            caller.start()
        try:
            yield traffic
        finally:
            ended.set()
            for caller in callers:
                caller.join()

    def serin(self, *words: str) -> tuple[int, Any]:
        """What the command line exits with, and the JSON that it prints."""
        program = Path(sys.executable).with_name("serin")
        environment = os.environ | self.deployment.cloud.emulator.environment()
        done = subprocess.run(
            [program, *words, "--json"], env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)

    # --- through AWS's APIs -------------------------------------------------------------------------------------

    def client(self, service: str) -> Any:
        return client(self.deployment.cloud.emulator, service)

    def output(self, stack: str, name: str) -> str:
        """Of ``Serin-dev-<stack>``."""
        return self.deployment.outputs[f"Serin-dev-{stack}"][name]

    def function(self, model: str) -> str:
        """The name of its function."""
        return self.output(f"Model-{model}", "AliasArn").split(":")[6]

    def serving(self, model: str) -> str:
        """The number of the function version that the alias serves."""
        found = self.client("lambda").get_alias(FunctionName=self.function(model), Name="live")
        assert not found.get("RoutingConfig", {}).get("AdditionalVersionWeights")
        return str(found["FunctionVersion"])

    def alias(self, model: str) -> tuple[str, Mapping[str, float]]:
        """The version that the alias serves, and the weights of others."""
        found = self.client("lambda").get_alias(FunctionName=self.function(model), Name="live")
        return str(found["FunctionVersion"]), found.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})

    def command(self, model: str, command: str, **words: str) -> Any:
        """What the model's release function answers."""
        event = {"command": command, "by": "a test", **words}
        function = self.output(f"Model-{model}", "ReleaseFunction")
        answer = self.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode())
        found = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, found
        return found

    def released(self, model: str, number: int, *statuses: str, seconds: float = 60) -> Any:
        """The record of release ``number``, once it has one of these statuses."""
        deadline = time.monotonic() + seconds
        while True:
            record = self.command(model, "status")
            if record["number"] == number and record["status"] in statuses:
                return record
            assert time.monotonic() < deadline, record
            time.sleep(_BETWEEN_LOOKS)

    def limit(self, *, rate: float, burst: int) -> None:
        """Give clients other limits than the deploy did."""
        gateway = self.client("apigateway")
        (plan,) = gateway.get_usage_plans()["items"]
        throttle = {"rateLimit": rate, "burstLimit": burst}
        changes = [{"op": "replace", "path": f"/throttle/{name}", "value": str(n)} for name, n in throttle.items()]
        gateway.update_usage_plan(usagePlanId=plan["id"], patchOperations=changes)

    def image(self, model: str) -> str:
        """What its function runs, with the asset's digest."""
        found = self.client("lambda").get_function(FunctionName=self.function(model))["Code"]["ImageUri"]
        return str(found)

    def stacks(self) -> dict[str, str]:
        """Status by name, without the bootstrap's and those that are gone."""
        found = self.client("cloudformation").describe_stacks()["Stacks"]
        return {each["StackName"]: each["StackStatus"] for each in found if each["StackName"] != "CDKToolkit"}

    def changes(self) -> dict[str, int]:
        """How many events each stack has seen: a deploy that leaves one alone adds none."""
        formation = self.client("cloudformation")
        pages = formation.get_paginator("describe_stack_events")
        return {
            name: sum(len(page["StackEvents"]) for page in pages.paginate(StackName=name)) for name in self.stacks()
        }

    def points(
        self, namespace: str, metric: str, dimensions: Sequence[Mapping[str, str]], statistic: str
    ) -> list[float]:
        """What a metric has collected in the last hour."""
        now = datetime.now(UTC)
        found = self.client("cloudwatch").get_metric_statistics(
            Namespace=namespace,
            MetricName=metric,
            Dimensions=list(dimensions),
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(minutes=1),
            Period=7200,
            Statistics=[statistic],
        )
        return [float(point[statistic]) for point in found["Datapoints"]]

    def log_groups(self) -> dict[str, Any]:
        """Every log group by its name."""
        return {each["logGroupName"]: each for each in self.client("logs").describe_log_groups()["logGroups"]}

    def log(self, group: str, holding: str = "") -> list[str]:
        """Every line of a log group that has the text ``holding``; the emulator tells of the first 10,000."""
        words = {"logGroupName": group, **({"filterPattern": f'"{holding}"'} if holding else {})}
        pages = self.client("logs").get_paginator("filter_log_events").paginate(**words)
        return [event["message"] for page in pages for event in page["events"]]


@dataclass
class Traffic:
    """What was answered, and when, by ``time.monotonic``."""

    answers: list[tuple[float, HttpResponse]] = field(default_factory=list)

    def failures(self) -> Counter[tuple[int, bytes]]:
        """Other answers than good ones."""
        return Counter((answer.status, answer.body) for _, answer in self.answers if answer.status != 200)

    def between(self, since: float, until: float) -> list[HttpResponse]:
        """Answered in that time."""
        return [answer for at, answer in self.answers if since < at < until]

    def wait_for(self, count: int) -> list[HttpResponse]:
        """The next ``count`` answers."""
        first, deadline = len(self.answers), time.monotonic() + _SECONDS
        while len(self.answers) < first + count:
            assert time.monotonic() < deadline, "the traffic has stopped"
            time.sleep(_BETWEEN_LOOKS)
        return [answer for _, answer in self.answers[first : first + count]]

    def versions(self) -> list[str]:
        """Of the model, in the order of the answers, each once for a run of answers."""
        seen: list[str] = []
        for _, answer in self.answers:
            version = header(answer, "X-Model-Version")
            if not seen or seen[-1] != version:
                seen.append(version)
        return seen


def _good(answer: HttpResponse) -> Any:
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def header(answer: HttpResponse, name: str) -> str:
    """A header of an answer; AWS and its emulator write names as they like."""
    return {key.lower(): value for key, value in answer.headers}[name.lower()]


def error(answer: HttpResponse) -> str:
    """The code of an error answer, whose form is checked on the way."""
    found = json.loads(answer.body)
    assert found.keys() == {"error", "code", "request_id"}
    code: str = found["code"]
    return code
