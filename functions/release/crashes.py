"""Crashes, time-outs and starts that failed: the runtime logs no line of them, and Lambda alone counts them.

The handler raises for no request, so what Lambda counts as an error of the function is never in the log as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

_MINUTE: Final = 60
"""Seconds; CloudWatch keeps Lambda's metrics by the minute."""


@dataclass(frozen=True, kw_only=True)
class Crashes:
    """``client`` is boto3's for CloudWatch. ``lag_seconds``: how long after its end a minute is complete at the latest.

    Source of the dimensions: AWS Lambda developer guide, "Types of metrics for Lambda functions".
    """

    client: Any
    function: str
    alias: str
    lag_seconds: float

    def count(self, versions: Sequence[str], *, since: float, until: float, beginning: float) -> Mapping[str, int]:
        """Of each version behind the alias, in the minutes that became complete from ``since`` to ``until``.

        Each minute is counted in one of successive stretches; none that began before ``beginning`` is in any.

        Raises:
            RuntimeError: CloudWatch could not tell.
        """
        first = max(_floor(since - self.lag_seconds), -_floor(-beginning))
        end = _floor(until - self.lag_seconds)
        found = dict.fromkeys(versions, 0)
        if first >= end:
            return found
        pages = self.client.get_paginator("get_metric_data").paginate(
            MetricDataQueries=[self._query(version) for version in versions],
            StartTime=datetime.fromtimestamp(first, UTC),
            EndTime=datetime.fromtimestamp(end, UTC),
        )
        for result in (each for page in pages for each in page["MetricDataResults"]):
            if result["StatusCode"] not in {"Complete", "PartialData"}:  # partial: the next page goes on
                raise RuntimeError(f"CloudWatch did not tell of crashes: {result['StatusCode']}")
            found[result["Id"].removeprefix("v")] += round(sum(result["Values"]))
        return found

    def _query(self, version: str) -> dict[str, Any]:
        dimensions = {
            "FunctionName": self.function,
            "Resource": f"{self.function}:{self.alias}",
            "ExecutedVersion": version,
        }
        metric = {
            "Namespace": "AWS/Lambda",
            "MetricName": "Errors",
            "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
        }
        return {"Id": f"v{version}", "MetricStat": {"Metric": metric, "Period": _MINUTE, "Stat": "Sum"}}


def _floor(seconds: float) -> int:
    """The last whole minute's end."""
    return int(seconds // _MINUTE) * _MINUTE
