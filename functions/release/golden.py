"""Golden cases, sent to a version by its number, as the API would send them."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from serin.comparison import differences
from serin.release.prediction_log import REPLAY

_TRIES: Final = 3
"""The first start of an image may outlast the function's time-out, which ends it without an answer."""

_REPLAY_SECONDS: Final = 5.0
"""For one version at one look, as an alarm must stop a release within the minute."""

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
        ready = self._ask(version, "GET", f"/v2/models/{self._model}/ready", None)
        if ready is None or ready.get("statusCode") != 200:
            return (f"version {version} of model {self._model} is not ready; its log says why",)
        return tuple(
            f"case {number}: {difference}"
            for number, case in enumerate(self._cases, start=1)
            for difference in self._compare(version, case)
        )

    def replay(self, version: str) -> None:
        """Send cases for some seconds; what comes of it stands in the version's log.

        However slow or refused they are: whoever waits for it looks at no alarm meanwhile.
        """
        end = time.monotonic() + _REPLAY_SECONDS
        for case in self._cases:
            if time.monotonic() >= end:
                return
            with suppress(BotoCoreError, ClientError):
                self._predict(version, case, tries=1)

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

    def _predict(self, version: str, case: Mapping[str, Any], tries: int = _TRIES) -> dict[str, Any] | None:
        body = json.dumps({"instances": [case["instance"]]})
        return self._ask(version, "POST", f"/models/{self._model}/predict", body, tries)

    def _ask(
        self, version: str, method: str, path: str, body: str | None, tries: int = _TRIES
    ) -> dict[str, Any] | None:
        """The proxy response; None where the function ends without one, ``tries`` times."""
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
                return found if isinstance(found, dict) else None
        return None
