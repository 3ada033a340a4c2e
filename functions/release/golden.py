"""Golden cases, sent to a version by its number, as the API would send them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError, WaiterError

from serin.comparison import differences
from serin.release.prediction_log import REPLAY

_TRIES: Final = 3
"""The first start of an image may outlast the function's time-out, which ends it without an answer."""

_PATIENCE: Final = {"Delay": 2, "MaxAttempts": 60}
"""Seconds between two looks, and how many: somebody waits for it."""

_JSON: Final = {"Content-Type": "application/json"}


@dataclass(frozen=True, kw_only=True)
class Tolerance:
    """``|a - b| <= absolute + relative * |b|``."""

    absolute: float
    relative: float


class GoldenCases:
    """``client`` is boto3's for Lambda. ``file``: one case a line; a model may have none.

    ``tolerances``: by output; the one under the empty name holds for a prediction that is no tensors.
    """

    def __init__(
        self, client: Any, *, function: str, model: str, file: Path, tolerances: Mapping[str, tuple[float, float]]
    ) -> None:
        self._client = client
        self._function = function
        self._model = model
        self._tolerances = {
            output: Tolerance(absolute=absolute, relative=relative)
            for output, (absolute, relative) in tolerances.items()
        }
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        self._cases: list[dict[str, Any]] = [json.loads(line) for line in lines]

    def differences(self, version: str) -> tuple[str, ...]:
        """What is wrong with ``version``: it is not ready, or answers otherwise than is due."""
        self._client.get_waiter("published_version_active").wait(FunctionName=self._function, Qualifier=version)
        if wrong := self._unready(version):
            return (wrong,)
        return tuple(
            f"case {number}: {difference}"
            for number, case in enumerate(self._cases, start=1)
            for difference in self._compare(version, case)
        )

    def ready(self, version: str) -> str | None:
        """Why ``version`` cannot serve; None where it says that it is ready.

        A version that nobody has called for weeks is inactive: its first call is refused, and wakes it (AWS Lambda
        developer guide, "Lambda function states").
        """
        named = {"FunctionName": self._function, "Qualifier": version}
        try:
            if self._client.get_function_configuration(**named).get("State") == "Inactive":
                with suppress(ClientError):
                    self._unready(version)
            self._client.get_waiter("published_version_active").wait(**named, WaiterConfig=_PATIENCE)
            return self._unready(version)
        except (ClientError, WaiterError) as error:
            return f"version {version} of model {self._model} cannot be called: {error}"

    def replay(self, version: str) -> None:
        """Send every case once; what comes of it stands in the version's log."""
        for case in self._cases:
            self._predict(version, case)

    def _unready(self, version: str) -> str | None:
        ready = self._ask(version, "GET", f"/v2/models/{self._model}/ready", None)
        if ready is not None and ready.get("statusCode") == 200:
            return None
        return f"version {version} of model {self._model} is not ready; its log says why"

    def _compare(self, version: str, case: Mapping[str, Any]) -> Iterator[str]:
        answer = self._predict(version, case)
        if answer is None or answer.get("statusCode") != 200:
            yield f"answered with status {500 if answer is None else answer.get('statusCode')}"
            return
        prediction, due = json.loads(answer["body"])["predictions"][0], case["prediction"]
        if "" in self._tolerances or prediction.keys() != due.keys():
            yield from differences(prediction, due, self._tolerances.get("", Tolerance(absolute=0, relative=0)))
            return
        for output, value in due.items():
            yield from differences(prediction[output], value, self._tolerances[output], f"prediction.{output}")

    def _predict(self, version: str, case: Mapping[str, Any]) -> dict[str, Any] | None:
        body = json.dumps({"instances": [case["instance"]]})
        return self._ask(version, "POST", f"/models/{self._model}/predict", body)

    def _ask(self, version: str, method: str, path: str, body: str | None) -> dict[str, Any] | None:
        """The proxy response; None where the function ends without one, three times."""
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
                return found if isinstance(found, dict) else None
        return None
