"""Requests to a version of the model's function, by its number and as the API would send them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import ClientError, WaiterError

from serin.process import FIGURES, REPLAY

_TRIES: Final = 3
"""The first start of an image may outlast the function's time-out, which ends it without an answer."""

_PATIENCE: Final = {"Delay": 2, "MaxAttempts": 120}
"""Seconds between two looks, and how many: somebody waits for it."""

_JSON: Final = {"Content-Type": "application/json"}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """``status``: 500 where the function ended without one, as often as it was asked.

    ``figures``: what the process told of itself (``serin.process.FIGURES``); empty where its runtime is too old for it.
    """

    status: int = 500
    body: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)


class Calls:
    """``client`` is boto3's for Lambda."""

    def __init__(self, client: Any, *, function: str, model: str) -> None:
        self._client = client
        self.model = model
        self._function = function

    def wait_until_active(self, version: str) -> None:
        """Until Lambda has made ``version`` ready to be called.

        A version that nobody has called for weeks is inactive: its first call is refused, and wakes it (AWS Lambda
        developer guide, "Lambda function states"). Raises botocore's ClientError and WaiterError where it does not.
        """
        named = {"FunctionName": self._function, "Qualifier": version}
        if self._client.get_function_configuration(**named).get("State") == "Inactive":
            with suppress(ClientError):
                self.ready(version)
        self._client.get_waiter("published_version_active").wait(**named, WaiterConfig=_PATIENCE)

    def why_unready(self, version: str) -> str | None:
        """Why ``version`` cannot serve; None where it says that it is ready."""
        try:
            self.wait_until_active(version)
            return None if self.ready(version).status == 200 else self.not_ready(version)
        except (ClientError, WaiterError) as error:
            return self.uncallable(version, error)

    def uncallable(self, version: str, error: Exception) -> str:
        """What is to be said where ``wait_until_active`` raises ``error``."""
        return f"version {version} of model {self.model} cannot be called: {error}"

    def not_ready(self, version: str) -> str:
        """What is to be said where ``ready`` says no."""
        return f"version {version} of model {self.model} is not ready; its log says why"

    def ready(self, version: str) -> Answer:
        """Whether ``version`` serves the model."""
        return self._ask(version, "GET", f"/v2/models/{self.model}/ready", None)

    def predict(self, version: str, instance: Any, *, tries: int = _TRIES) -> Answer:
        """What ``version`` answers to one row, where it does within ``tries``."""
        body = json.dumps({"instances": [instance]})
        return self._ask(version, "POST", f"/models/{self.model}/predict", body, tries)

    def _ask(self, version: str, method: str, path: str, body: str | None, tries: int = _TRIES) -> Answer:
        event = {
            "httpMethod": method,
            "path": path,
            "headers": _JSON if body else {},
            "body": body,
            "requestContext": {"requestId": f"{REPLAY}{uuid.uuid4()}"},
        }
        for _ in range(tries):
            answer = self._client.invoke(
                FunctionName=self._function, Qualifier=version, Payload=json.dumps(event).encode()
            )
            found = json.loads(answer["Payload"].read())
            if "FunctionError" not in answer:
                return _read(found)
        return Answer()


def _read(found: Any) -> Answer:
    """A proxy response, or anything else that a function may return."""
    if not isinstance(found, dict):
        return Answer()
    told = (found.get("headers") or {}).get(FIGURES)
    return Answer(
        status=found.get("statusCode", 500),
        body=found.get("body") or "",
        figures={} if told is None else json.loads(told),
    )
