"""The log of one invocation in a container: whole, and without the lines of the invocations before it."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Any, Final

from local.launcher.patching import service, wrap

_WAIT_SECONDS: Final = 2.0
_POLL_SECONDS: Final = 0.02
_TAIL_BYTES: Final = 64 * 1024
_LINE: Final = re.compile(rb"^\S+ (?:stdout|stderr) ([FP]) (.*)$", re.DOTALL)


def of_request(log: str, request_id: str) -> str:
    """The part of a container's log from the START line of the request on; all of it where there is none."""
    start = log.rfind(f"START RequestId: {request_id}")
    return log[start:] if start >= 0 else log


def is_whole(log: str, request_id: str) -> bool:
    """Whether the invocation's last line is there: its report, or the emulator's word that it failed."""
    return f"REPORT RequestId: {request_id}" in log or "Invoke DONE failed" in of_request(log, request_id)


class Tailed:
    """A container whose log is read from its end, in its file; all else is the container's own.

    To ask the engine for a log, and whether a container runs, costs more than the invocation that lies between, and an
    engine that reads logs from their beginning takes longer with every request.
    """

    def __init__(self, container: Any, request_id: str) -> None:
        self._container = container
        self._first = f"START RequestId: {request_id}".encode()
        self._is_known_to_run = container.status == "running"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)

    def reload(self) -> None:
        """Not before the first request to one that ran when it was last seen: if it is gone, that fails."""
        if not self._is_known_to_run:
            self._container.reload()
        self._is_known_to_run = False

    def logs(self, **words: Any) -> bytes:
        """From the first line of the invocation on, or earlier. ``words``: for an engine that keeps no file."""
        file = Path(self._container.attrs.get("LogPath") or "nowhere")
        if not file.is_file():
            return bytes(self._container.logs(**words))
        found = messages(_end_of(file, _TAIL_BYTES))
        return found if self._first in found else messages(file.read_bytes())


def messages(lines: bytes) -> bytes:
    """What a container wrote, out of lines as podman keeps them: time, stream, F or P for a full or a partial line."""
    found = (_LINE.match(line) for line in lines.split(b"\n"))
    return b"".join(line[2] + (b"\n" if line[1] == b"F" else b"") for line in found if line)


def _end_of(file: Path, most: int) -> bytes:
    with file.open("rb") as log:
        size = log.seek(0, os.SEEK_END)
        log.seek(max(size - most, 0))
        return log.read()


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
