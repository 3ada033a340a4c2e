"""What stands between the controller and AWS. boto3's Stubber checks each call against the API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from functions.release.announce import Announcer
from functions.release.calls import Calls
from functions.release.crashes import Crashes
from functions.release.golden import GoldenCases
from functions.release.live_alias import LiveAlias
from functions.release.senses import AwsSenses
from functions.release.store import TableStore
from serin.release.controller import Conflict, Immovable, NoRelease
from serin.release.items import to_item
from serin.release.record import Release, Settings, Traffic, begin
from serin.release.window import Window

NAME = {"FunctionName": "f", "Name": "live"}
RELEASE = begin(
    model="m", number=1, cause="c", stable="1", new="2", model_version="1.1.0", settings=Settings(), now=1.0, by="ada"
)


def stubbed(service: str) -> tuple[Any, Stubber]:
    """A client and what it will be answered. Nothing is sent; a client only has to be signed for somewhere."""
    client = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="eu-central-1").client(  # noqa: S106
        service  # type: ignore[call-overload]
    )
    stubber = Stubber(client)
    stubber.activate()
    return client, stubber


# --- the alias ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weights", "traffic"),
    [
        ({}, Traffic(version="1")),
        ({"2": 0.05}, Traffic(version="1", canary="2", percent=5)),
        ({"2": 0.0}, Traffic(version="1")),
        ({"2": 0.125}, Traffic(version="1", canary="2", percent=12.5)),
    ],
)
def test_an_alias_is_read_as_percent(weights: dict[str, float], traffic: Traffic) -> None:
    client, stubber = stubbed("lambda")
    answer = {"FunctionVersion": "1", "RevisionId": "r", "RoutingConfig": {"AdditionalVersionWeights": weights}}
    stubber.add_response("get_alias", answer, NAME)
    assert LiveAlias(client, "f", "live").read() == traffic


@pytest.mark.parametrize(
    ("target", "weights"),
    [(Traffic(version="1", canary="2", percent=5), {"2": 0.05}), (Traffic(version="1"), {})],
)
def test_an_alias_is_moved_under_the_revision_that_was_read(target: Traffic, weights: dict[str, float]) -> None:
    client, stubber = stubbed("lambda")
    stubber.add_response("get_alias", {"FunctionVersion": "1", "RevisionId": "r7"}, NAME)
    moved = {
        **NAME,
        "FunctionVersion": "1",
        "RoutingConfig": {"AdditionalVersionWeights": weights},
        "RevisionId": "r7",
    }
    stubber.add_response("update_alias", {}, moved)
    alias = LiveAlias(client, "f", "live")
    alias.read()
    alias.move(target)
    stubber.assert_no_pending_responses()


def test_an_alias_that_another_hand_has_moved_is_a_conflict() -> None:
    client, stubber = stubbed("lambda")
    stubber.add_client_error("update_alias", "PreconditionFailedException")
    with pytest.raises(Conflict):
        LiveAlias(client, "f", "live").move(Traffic(version="1"))


@pytest.mark.parametrize("code", ["InvalidParameterValueException", "ResourceNotFoundException"])
def test_what_lambda_will_never_take_is_told_as_it_says_it(code: str) -> None:
    client, stubber = stubbed("lambda")
    stubber.add_client_error("update_alias", code, "Function not found: f:9")
    with pytest.raises(Immovable, match="Function not found: f:9"):
        LiveAlias(client, "f", "live").move(Traffic(version="9"))


@pytest.mark.parametrize("percent", range(1, 100))
def test_every_share_is_read_as_it_was_set(percent: int) -> None:
    client, stubber = stubbed("lambda")
    target = Traffic(version="1", canary="2", percent=percent)
    moved = {**NAME, "FunctionVersion": "1", "RoutingConfig": ANY, "RevisionId": ""}
    stubber.add_response("update_alias", {}, moved)
    alias = LiveAlias(client, "f", "live")
    sent: list[dict[str, Any]] = []
    client.meta.events.register("provide-client-params.lambda.UpdateAlias", lambda params, **_: sent.append(params))
    alias.move(target)
    answer = {"FunctionVersion": "1", "RevisionId": "r", "RoutingConfig": sent[0]["RoutingConfig"]}
    stubber.add_response("get_alias", answer, NAME)
    assert alias.read() == target


# --- the records ----------------------------------------------------------------------------------------------------


def test_a_record_is_written_over_the_revision_that_was_read() -> None:
    client, stubber = stubbed("dynamodb")
    expected = {
        "TableName": "t",
        "Item": ANY,
        "ConditionExpression": "#revision = :revision",
        "ExpressionAttributeNames": {"#revision": "revision"},
        "ExpressionAttributeValues": {":revision": {"N": "0"}},
    }
    stubber.add_response("put_item", {}, expected)
    assert TableStore(client, "t").write(RELEASE).revision == 1


@pytest.mark.parametrize("call", ["create", "write"])
def test_a_write_over_another_revision_is_a_conflict(call: str) -> None:
    client, stubber = stubbed("dynamodb")
    stubber.add_client_error("put_item", "ConditionalCheckFailedException")
    with pytest.raises(Conflict):
        getattr(TableStore(client, "t"), call)(RELEASE)


@pytest.mark.parametrize(("items", "last"), [([to_item(RELEASE)], RELEASE), ([], None)])
def test_the_last_release_is_the_one_with_the_highest_number(items: list[Any], last: Release | None) -> None:
    client, stubber = stubbed("dynamodb")
    stubber.add_response("query", {"Items": items})
    assert TableStore(client, "t").last("m") == last


def test_a_number_that_no_release_has_is_told() -> None:
    client, stubber = stubbed("dynamodb")
    stubber.add_response("get_item", {})
    with pytest.raises(NoRelease, match="m has no release 4"):
        TableStore(client, "t").read("m", 4)


# --- what is seen ---------------------------------------------------------------------------------------------------


def senses(logs: Any = None, cloudwatch: Any = None) -> AwsSenses:
    calls = Calls(None, function="f", model="m")
    return AwsSenses(
        logs=logs,
        cloudwatch=cloudwatch,
        log_group="g",
        alarm_names=("a", "b"),
        crashes=Crashes(client=cloudwatch, function="f", alias="live", lag_seconds=180.0),
        golden=GoldenCases(calls, file=Path("nowhere"), tolerances={}),
        calls=calls,
    )


def test_only_alarms_that_are_raised_are_told() -> None:
    client, stubber = stubbed("cloudwatch")
    answer = {"MetricAlarms": [{"AlarmName": "b"}]}
    stubber.add_response("describe_alarms", answer, {"AlarmNames": ["a", "b"], "StateValue": "ALARM"})
    assert senses(cloudwatch=client).alarms() == ("b",)


def test_the_log_is_read_page_by_page_up_to_the_end_of_the_stretch() -> None:
    client, stubber = stubbed("logs")
    line = json.dumps({"route": "predict", "status": 200, "total_ms": 1.0, "function_version": "2"})
    asked = {"logGroupName": "g", "filterPattern": '"function_version"', "startTime": 1000, "endTime": 1999}
    stubber.add_response(
        "filter_log_events", {"events": [{"timestamp": 1250, "message": line}], "nextToken": "n"}, asked
    )
    stubber.add_response(
        "filter_log_events", {"events": [{"timestamp": 1250, "message": line}]}, {**asked, "nextToken": "n"}
    )
    found = senses(logs=client).traffic(("2", "1"), since=1.0, until=2.0, beginning=1.0)
    assert (found["2"].requests, found["1"].requests) == (2, 0)
    stubber.assert_no_pending_responses()


def test_pages_without_a_line_do_not_end_the_search() -> None:
    client, stubber = stubbed("logs")
    line = json.dumps({"route": "predict", "status": 200, "total_ms": 1.0, "function_version": "2"})
    for _ in range(50):
        stubber.add_response("filter_log_events", {"events": [], "nextToken": "n"})
    stubber.add_response("filter_log_events", {"events": [{"timestamp": 1250, "message": line}]})
    assert senses(logs=client).traffic(("2",), since=1.0, until=2.0, beginning=1.0)["2"].requests == 1


def test_one_look_reads_twenty_pages_at_most() -> None:
    client, stubber = stubbed("logs")
    line = json.dumps({"route": "predict", "status": 200, "total_ms": 1.0, "function_version": "2"})
    for _ in range(21):
        stubber.add_response("filter_log_events", {"events": [{"timestamp": 1250, "message": line}], "nextToken": "n"})
    assert senses(logs=client).traffic(("2",), since=1.0, until=2.0, beginning=1.0)["2"].requests == 20


def test_a_stretch_shorter_than_a_millisecond_is_not_asked_for() -> None:
    assert senses().traffic(("2",), since=1.0001, until=1.0002, beginning=1.0) == {"2": Window()}


def test_what_crashed_is_a_request_and_an_error_of_its_version() -> None:
    logs, log = stubbed("logs")
    line = json.dumps({"route": "predict", "status": 200, "total_ms": 1.0, "function_version": "2"})
    log.add_response("filter_log_events", {"events": [{"timestamp": 1250, "message": line}]})
    cloudwatch, metrics = stubbed("cloudwatch")
    counted = {"Id": "v2", "StatusCode": "Complete", "Timestamps": [], "Values": [2.0, 1.0]}
    metrics.add_response("get_metric_data", {"MetricDataResults": [counted]})
    found = senses(logs=logs, cloudwatch=cloudwatch).traffic(("2", "1"), since=600.0, until=700.0, beginning=60.0)
    assert (found["2"].requests, found["2"].errors, sum(found["2"].latencies.values())) == (4, 3, 1)
    assert found["1"] == Window()


def test_crashes_count_for_the_part_of_the_requests_that_is_read() -> None:
    logs, log = stubbed("logs")
    line = json.dumps({"route": "predict", "status": 200, "total_ms": 1.0, "function_version": "2"})
    for page in range(1, 21):
        event = {"timestamp": 600_000 + page * 1000, "message": line}
        log.add_response("filter_log_events", {"events": [event], "nextToken": "n"})
    cloudwatch, metrics = stubbed("cloudwatch")
    counted = {"Id": "v2", "StatusCode": "Complete", "Timestamps": [], "Values": [1000.0]}
    metrics.add_response("get_metric_data", {"MetricDataResults": [counted]})
    found = senses(logs=logs, cloudwatch=cloudwatch).traffic(("2",), since=600.0, until=700.0, beginning=60.0)
    assert (found["2"].requests, found["2"].errors) == (220, 200)


# --- the world ------------------------------------------------------------------------------------------------------


def test_an_event_reaches_programs_and_people() -> None:
    events, told = stubbed("events")
    topics, published = stubbed("sns")
    entry = {"Source": "serin.release", "DetailType": "Release Rolled Back", "Detail": ANY}
    told.add_response("put_events", {"FailedEntryCount": 0, "Entries": []}, {"Entries": [entry]})
    subject = "m 1.1.0: release 1 rolled back"
    published.add_response("publish", {}, {"TopicArn": "topic-arn-of-20-chars", "Subject": subject, "Message": ANY})
    Announcer(events, topics, "topic-arn-of-20-chars")("rolled_back", RELEASE)
    told.assert_no_pending_responses()
    published.assert_no_pending_responses()
