"""The log of one invocation in a container: whole, and without the lines of the invocations before it."""

from __future__ import annotations

import time
from typing import Any, Final

from local.launcher.patching import service, wrap

_WAIT_SECONDS: Final = 2.0
_POLL_SECONDS: Final = 0.02
_LINES: Final = (50, 5_000)
"""Read from the end of the log, until the invocation's first is among them. An engine that reads a log from its
beginning takes longer with every request."""


def of_request(log: str, request_id: str) -> str:
    """The part of a container's log from the START line of the request on; all of it where there is none."""
    start = log.rfind(f"START RequestId: {request_id}")
    return log[start:] if start >= 0 else log


def is_whole(log: str, request_id: str) -> bool:
    """Whether the invocation's last line is there: its report, or the emulator's word that it failed."""
    return f"REPORT RequestId: {request_id}" in log or "Invoke DONE failed" in of_request(log, request_id)


class Tailed:
    """A container whose log is read from its end; all else is the container's own."""

    def __init__(self, container: Any, request_id: str) -> None:
        self._container = container
        self._first = f"START RequestId: {request_id}".encode()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)

    def logs(self, **words: Any) -> bytes:
        found = b""
        for lines in _LINES:
            found = self._container.logs(**{"tail": lines, **words})
            if self._first in found:
                break
        return found


def teach() -> None:
    """Read the container's log until it is whole: an engine writes it behind the answer's back."""
    wrap(service("lambda_svc"), "_invoke_rie", _whole)


def _whole(original: Any) -> Any:
    def invoke(container: Any, event: Any, timeout: int, request_id: str) -> Any:
        started = int(time.time())
        container = Tailed(container, request_id)
        result = original(container, event, timeout, request_id)
        log = str(result.get("log", ""))
        deadline = time.monotonic() + _WAIT_SECONDS
        while not is_whole(log, request_id) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
            log = container.logs(stdout=True, stderr=True, since=started).decode("utf-8", "replace")
        return {**result, "log": of_request(log, request_id)}

    return invoke
