"""The lines of one stretch of the runtime's log, as far as one look may read them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Final

_PATTERN: Final = '"function_version"'

_MOST_PAGES: Final = 20
"""Of at most 1 MB, at one look. What lies beyond is not read: of both versions alike, as one log holds both."""

_MOST_SECONDS: Final = 20.0
"""For one look, as an alarm must stop a release within the minute."""


class LogPages:
    """Lines from ``first_ms`` to ``last_ms``, in milliseconds since the epoch; both are in it.

    ``client`` is boto3's for CloudWatch Logs. ``share``: the part of the stretch that the lines are of, once they have
    been iterated over.
    """

    def __init__(self, client: Any, *, group: str, first_ms: int, last_ms: int) -> None:
        self.share = 1.0
        self._client = client
        self._group = group
        self._first, self._last = first_ms, last_ms

    def __iter__(self) -> Iterator[str]:
        if self._last < self._first:
            return
        request: dict[str, Any] = {
            "logGroupName": self._group,
            "filterPattern": _PATTERN,
            "startTime": self._first,
            "endTime": self._last,
        }
        pages, reached, end = 0, self._first, time.monotonic() + _MOST_SECONDS
        while pages < _MOST_PAGES and time.monotonic() < end:
            page = self._client.filter_log_events(**request)
            for event in page["events"]:
                reached = max(reached, event["timestamp"])
                yield event["message"]
            if not page.get("nextToken"):
                return
            request["nextToken"] = page["nextToken"]
            pages += bool(page["events"])  # one without any says only that so much has been searched
        self.share = (reached - self._first) / (self._last + 1 - self._first)
