"""Which minutes of Lambda's own count a look takes, and what it asks CloudWatch for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from functions.release.crashes import Crashes

LAG = 180.0
MINUTE = 60


class Minutes:
    """Stands where CloudWatch does: one crash a minute, and which minutes it was asked for."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def get_paginator(self, _name: str) -> Minutes:
        return self

    def paginate(self, **asked: Any) -> list[dict[str, Any]]:
        minutes = range(int(asked["StartTime"].timestamp()), int(asked["EndTime"].timestamp()), MINUTE)
        self.asked += minutes
        values = [1.0] * len(minutes)
        return [
            {"MetricDataResults": [{"Id": query["Id"], "StatusCode": "Complete", "Values": values}]}
            for query in asked["MetricDataQueries"]
        ]


def crashes(client: Any) -> Crashes:
    return Crashes(client=client, function="f", alias="live", lag_seconds=LAG)


@given(st.floats(0, 1e6), st.lists(st.floats(0.1, 400.0), min_size=1, max_size=40))
def test_successive_looks_count_each_minute_since_the_beginning_once(beginning: float, waits: list[float]) -> None:
    minutes = Minutes()
    counted, since = 0, beginning
    for wait in waits:
        until = since + wait
        found = crashes(minutes).count(("1", "2"), since=since, until=until, beginning=beginning)
        counted += found["2"]
        since = until
    whole = [minute for minute in minutes.asked if beginning <= minute and minute + MINUTE <= since - LAG]
    assert minutes.asked == whole == sorted(set(whole))
    assert counted == len(whole) >= (since - LAG - beginning) / MINUTE - 2


def test_the_errors_of_each_version_behind_the_alias_are_asked_for_page_by_page() -> None:
    client = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="eu-central-1").client(  # noqa: S106
        "cloudwatch"
    )
    stubber = Stubber(client)
    stubber.activate()
    asked = {
        "MetricDataQueries": [
            {
                "Id": f"v{version}",
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/Lambda",
                        "MetricName": "Errors",
                        "Dimensions": [
                            {"Name": "FunctionName", "Value": "f"},
                            {"Name": "Resource", "Value": "f:live"},
                            {"Name": "ExecutedVersion", "Value": version},
                        ],
                    },
                    "Period": 60,
                    "Stat": "Sum",
                },
            }
            for version in ("7", "6")
        ],
        "StartTime": datetime.fromtimestamp(600, UTC),
        "EndTime": datetime.fromtimestamp(720, UTC),
    }

    def page(status: str, **values: float) -> dict[str, Any]:
        found = [{"Id": id_, "StatusCode": status, "Values": [value]} for id_, value in values.items()]
        return {"MetricDataResults": found}

    stubber.add_response("get_metric_data", page("PartialData", v7=2.0) | {"NextToken": "n"}, asked)
    stubber.add_response("get_metric_data", page("Complete", v7=1.0, v6=4.0), asked | {"NextToken": "n"})
    found = crashes(client).count(("7", "6"), since=780.0, until=930.0, beginning=560.0)
    assert found == {"7": 3, "6": 4}
    stubber.add_response("get_metric_data", page("InternalError", v7=0.0))
    with pytest.raises(RuntimeError, match="CloudWatch did not tell of crashes: InternalError"):
        crashes(client).count(("7", "6"), since=780.0, until=930.0, beginning=560.0)
