"""Requests to a version of the model's function, by its number and as the API would send them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from serin.process import FIGURES, REPLAY

_TRIES: Final = 3
"""The first start of an image may outlast the function's time-out, which ends it without an answer."""

_JSON: Final = {"Content-Type": "application/json"}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """``status``: 500 where the function ended without one, three times.

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
        """Until Lambda has made ``version`` ready to be called. Raises botocore's WaiterError where it does not."""
        self._client.get_waiter("published_version_active").wait(FunctionName=self._function, Qualifier=version)

    def ready(self, version: str) -> Answer:
        """Whether ``version`` serves the model."""
        return self._ask(version, "GET", f"/v2/models/{self.model}/ready", None)

    def predict(self, version: str, instance: Any) -> Answer:
        """What ``version`` answers to one row."""
        return self._ask(version, "POST", f"/models/{self.model}/predict", json.dumps({"instances": [instance]}))

    def _ask(self, version: str, method: str, path: str, body: str | None) -> Answer:
        event = {
            "httpMethod": method,
            "path": path,
            "headers": _JSON if body else {},
            "body": body,
            "requestContext": {"requestId": f"{REPLAY}{uuid.uuid4()}"},
        }
        for _ in range(_TRIES):
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
