"""What can be seen of a release: alarms, the runtime's log, crashes that no log line tells of, golden answers."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from functions.release.crashes import Crashes
from functions.release.golden import GoldenCases
from serin.release.prediction_log import windows
from serin.release.window import Window

_PATTERN: Final = '"function_version"'
_MOST_PAGES: Final = 20
"""Of at most 1 MB, at one look. What lies beyond is not read: of both versions alike, as one log holds both."""

_MOST_SECONDS: Final = 20.0
"""For one look, as an alarm must stop a release within the minute."""


@dataclass(frozen=True, kw_only=True)
class AwsSenses:
    """``logs`` and ``cloudwatch`` are boto3's clients; ``alarm_names`` those that speak of the new version alone."""

    logs: Any
    cloudwatch: Any
    log_group: str
    alarm_names: Sequence[str]
    crashes: Crashes
    golden: GoldenCases

    def alarms(self) -> tuple[str, ...]:
        found = self.cloudwatch.describe_alarms(AlarmNames=list(self.alarm_names), StateValue="ALARM")
        return tuple(sorted(alarm["AlarmName"] for alarm in found["MetricAlarms"]))

    def traffic(self, versions: Sequence[str], *, since: float, until: float, beginning: float) -> Mapping[str, Window]:
        answered = windows(self._lines(int(since * 1000), int(until * 1000) - 1))
        crashed = self.crashes.count(versions, since=since, until=until, beginning=beginning)
        lost = {version: Window(requests=count, errors=count) for version, count in crashed.items()}
        return {version: answered.get(version, Window()) + lost.get(version, Window()) for version in versions}

    def differences(self, version: str) -> tuple[str, ...]:
        return self.golden.differences(version)

    def replay(self, version: str) -> None:
        self.golden.replay(version)

    def _lines(self, first_ms: int, last_ms: int) -> Iterator[str]:
        if last_ms < first_ms:
            return
        request: dict[str, Any] = {
            "logGroupName": self.log_group,
            "filterPattern": _PATTERN,
            "startTime": first_ms,
            "endTime": last_ms,
        }
        pages, end = 0, time.monotonic() + _MOST_SECONDS
        while pages < _MOST_PAGES and time.monotonic() < end:
            page = self.logs.filter_log_events(**request)
            yield from (event["message"] for event in page["events"])
            if not page.get("nextToken"):
                return
            request["nextToken"] = page["nextToken"]
            pages += bool(page["events"])  # one without any says only that so much has been searched
