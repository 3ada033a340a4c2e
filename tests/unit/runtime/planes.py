"""A data plane to send requests to, and the lines it writes."""

from __future__ import annotations

import io
import json
import time
from typing import Any, Final

from serin.observability import Observer, ObserverSettings
from serin.rest import DataPlane, Models, Request, Response

JSON: Final = {"content-type": "application/json"}
GOOD: Final = b'{"instances": [{"petal length": 2.0, "sepal length": 4.0}]}'
"""A request that the model ``flower`` answers."""


class Plane:
    """A data plane and the lines it writes."""

    def __init__(self, models: Models) -> None:
        self._stream = io.StringIO()
        self._plane = DataPlane(models, Observer(ObserverSettings(stream=self._stream)))

    def send(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None, request_id: str = "r-1"
    ) -> Response:
        deadline = time.monotonic() + 5
        return self._plane(Request(method, path, JSON if headers is None else headers, body, request_id, deadline))

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    @property
    def line(self) -> dict[str, Any]:
        """The last line."""
        last: dict[str, Any] = json.loads(self.text.splitlines()[-1])
        return last


def error_of(response: Response) -> tuple[int, str]:
    """Status and code of an error, which must have the one shape."""
    body = json.loads(response.body)
    assert body.keys() == {"error", "code", "request_id"}
    assert body["request_id"] == response.headers["x-request-id"] == "r-1"
    assert response.headers["content-type"] == "application/json"
    return response.status, body["code"]
