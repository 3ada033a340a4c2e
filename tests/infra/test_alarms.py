"""The alarms that page people."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.synthesis import StackTemplate, Synthesis

ALARM = "AWS::CloudWatch::Alarm"


def _alarm(stack: StackTemplate, name: str) -> dict[str, Any]:
    (found,) = (
        alarm["Properties"] for alarm_id, alarm in stack.of_type(ALARM).items() if alarm_id.startswith(f"Alarms{name}")
    )
    properties: dict[str, Any] = found
    return properties


def _dimensions(alarm: dict[str, Any]) -> dict[str, Any]:
    return {dimension["Name"]: dimension["Value"] for dimension in alarm["Dimensions"]}


def test_the_error_rate_of_a_version_is_the_mean_of_its_errors(dev: Synthesis) -> None:
    alarm = _alarm(dev["Model-snap"], "Errors")
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]) == ("Serin", "Errors", "Average")
    assert _dimensions(alarm) == {"model": "snap", "version": "2.1.0"}
    assert alarm["Threshold"] == 0.05


def test_the_latency_of_a_version_is_held_to_the_manifests_target(dev: Synthesis) -> None:
    alarm = _alarm(dev["Model-snap"], "Latency")
    assert (alarm["MetricName"], alarm["ExtendedStatistic"], alarm["Threshold"]) == ("LatencyMs", "p99", 1000)
    assert _dimensions(alarm) == {"model": "snap", "version": "2.1.0"}


@pytest.mark.parametrize(("name", "metric"), [("Crashes", "Errors"), ("Throttles", "Throttles")])
def test_what_no_handler_sees_is_watched_on_the_alias(dev: Synthesis, name: str, metric: str) -> None:
    stack = dev["Model-plain"]
    (function,) = stack.properties("AWS::Lambda::Version")["FunctionName"].values()
    alarm = _alarm(stack, name)
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Lambda", metric)
    assert _dimensions(alarm) == {
        "FunctionName": {"Ref": function},
        "Resource": {"Fn::Join": ["", [{"Ref": function}, ":live"]]},
    }


def test_a_reservation_is_watched_and_its_absence_is_not(dev: Synthesis) -> None:
    assert _alarm(dev["Model-snap"], "Concurrency")["Threshold"] == 40
    assert not [name for name in dev["Model-plain"].of_type(ALARM) if "Concurrency" in name]


def test_load_beyond_warm_instances_is_watched(dev: Synthesis) -> None:
    assert _alarm(dev["Model-warm"], "Spillover")["MetricName"] == "ProvisionedConcurrencySpilloverInvocations"


def test_the_accounts_concurrency_is_watched_once(dev: Synthesis) -> None:
    alarm = dev["Platform"].properties(ALARM)
    assert (alarm["MetricName"], alarm["Threshold"]) == ("ClaimedAccountConcurrency", 800)


@pytest.mark.parametrize(
    ("name", "metric", "threshold"), [("ServerErrors", "5XXError", 0.01), ("Latency", "Latency", 3000)]
)
def test_the_api_is_watched_as_its_callers_meet_it(dev: Synthesis, name: str, metric: str, threshold: float) -> None:
    alarm = _alarm(dev["Api"], name)
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Threshold"]) == ("AWS/ApiGateway", metric, threshold)
    assert _dimensions(alarm)["ApiName"] == "serin-dev"


def test_every_alarm_says_what_silence_means_and_reaches_the_topic(prod: Synthesis) -> None:
    alarms = [found["Properties"] for _, found in prod.every_resource() if found["Type"] == ALARM]
    assert len(alarms) == 3 * 4 + 2 + 1 + 2
    for alarm in alarms:
        assert alarm["TreatMissingData"] == "notBreaching"
        assert alarm["AlarmActions"] == alarm["OKActions"]
        assert len(alarm["AlarmActions"]) == 1
        assert alarm["AlarmDescription"].endswith(".")


def test_alarms_may_publish_to_the_encrypted_topic(dev: Synthesis, tokens: Synthesis) -> None:
    statements = dev["Platform"].properties("AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    allowed = [found for found in statements if found["Effect"] == "Allow"]
    assert [found["Principal"] for found in allowed] == [{"Service": "cloudwatch.amazonaws.com"}]
    key = dev["Platform"].properties("AWS::KMS::Key")["KeyPolicy"]["Statement"]
    assert {"Service": "cloudwatch.amazonaws.com"} in [found["Principal"] for found in key]
    assert tokens["Platform"].properties("AWS::SNS::Subscription")["Endpoint"] == "on-call@example.org"
