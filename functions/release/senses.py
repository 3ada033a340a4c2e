"""What can be seen of a release: alarms, the runtime's log, crashes that no log line tells of, golden answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from functions.release.calls import Calls
from functions.release.crashes import Crashes
from functions.release.golden import GoldenCases
from functions.release.log_pages import LogPages
from serin.release.admission import Admission
from serin.release.prediction_log import windows
from serin.release.record import Settings
from serin.release.window import Window


@dataclass(frozen=True, kw_only=True)
class AwsSenses:
    """``logs`` and ``cloudwatch`` are boto3's clients; ``alarm_names`` those that speak of the new version alone."""

    logs: Any
    cloudwatch: Any
    log_group: str
    alarm_names: Sequence[str]
    crashes: Crashes
    golden: GoldenCases
    calls: Calls

    def alarms(self) -> tuple[str, ...]:
        found = self.cloudwatch.describe_alarms(AlarmNames=list(self.alarm_names), StateValue="ALARM")
        return tuple(sorted(alarm["AlarmName"] for alarm in found["MetricAlarms"]))

    def traffic(self, versions: Sequence[str], *, since: float, until: float, beginning: float) -> Mapping[str, Window]:
        lines = LogPages(self.logs, group=self.log_group, first_ms=int(since * 1000), last_ms=int(until * 1000) - 1)
        answered = windows(lines)
        crashed = self.crashes.count(versions, since=since, until=until, beginning=beginning)
        # Crashes are counted whole. Beside a part of the requests they count for that part.
        lost = {version: round(count * lines.share) for version, count in crashed.items()}
        return {
            version: answered.get(version, Window()) + Window(requests=lost[version], errors=lost[version])
            for version in versions
        }

    def admission(self, version: str, settings: Settings) -> Admission:
        return self.golden.admission(version, settings)

    def ready(self, version: str) -> str | None:
        return self.calls.why_unready(version)

    def replay(self, versions: Sequence[str]) -> None:
        self.golden.replay(versions)
