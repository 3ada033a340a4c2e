"""Records found in their table, page by page. boto3's Stubber checks each call against the API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from serin.release.items import to_item
from serin.release.table import ReleaseTable
from tests.unit.runtime.release.world import MODEL, World


@pytest.fixture
def items() -> list[Any]:
    """Of three releases, newest first."""
    world = World()
    for version in ("2", "3", "4"):
        world.start(version)
    return [to_item(world.store.read(MODEL, number)) for number in (3, 2, 1)]


@pytest.fixture
def stubber() -> Iterator[Stubber]:
    """Of a client that sends nothing."""
    session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="eu-central-1")  # noqa: S106
    with Stubber(session.client("dynamodb")) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


ASKED: dict[str, Any] = {
    "TableName": "t",
    "KeyConditionExpression": "#model = :model",
    "ExpressionAttributeNames": {"#model": "model"},
    "ExpressionAttributeValues": {":model": {"S": MODEL}},
    "ScanIndexForward": False,
    "ConsistentRead": True,
}


def numbers(table: ReleaseTable, count: int, **bound: Any) -> list[int]:
    return [release.number for release in table.newest(MODEL, count, **bound)]


def test_a_page_that_ends_early_is_followed_by_the_next(stubber: Stubber, items: list[Any]) -> None:
    last = {"model": {"S": MODEL}, "number": {"N": "2"}}
    stubber.add_response("query", {"Items": items[:2], "LastEvaluatedKey": last}, {**ASKED, "Limit": 5})
    stubber.add_response("query", {"Items": items[2:]}, {**ASKED, "Limit": 5, "ExclusiveStartKey": last})
    assert numbers(ReleaseTable(stubber.client, "t"), 5) == [3, 2, 1]


def test_no_more_pages_are_read_than_are_wanted(stubber: Stubber, items: list[Any]) -> None:
    last = {"model": {"S": MODEL}, "number": {"N": "2"}}
    stubber.add_response("query", {"Items": items[:2], "LastEvaluatedKey": last}, {**ASKED, "Limit": 2})
    assert numbers(ReleaseTable(stubber.client, "t"), 2) == [3, 2]


def test_those_of_a_number_and_below_are_asked_for(stubber: Stubber, items: list[Any]) -> None:
    bound = {
        **ASKED,
        "KeyConditionExpression": "#model = :model AND #number <= :number",
        "ExpressionAttributeNames": {"#model": "model", "#number": "number"},
        "ExpressionAttributeValues": {":model": {"S": MODEL}, ":number": {"N": "2"}},
        "Limit": 5,
    }
    stubber.add_response("query", {"Items": items[1:]}, bound)
    assert numbers(ReleaseTable(stubber.client, "t"), 5, up_to=2) == [2, 1]


def test_one_is_found_by_its_number_or_not(stubber: Stubber, items: list[Any]) -> None:
    key = {"model": {"S": MODEL}, "number": {"N": "2"}}
    stubber.add_response("get_item", {"Item": items[1]}, {"TableName": "t", "Key": key, "ConsistentRead": True})
    stubber.add_response("get_item", {}, {"TableName": ANY, "Key": ANY, "ConsistentRead": True})
    table = ReleaseTable(stubber.client, "t")
    found = table.find(MODEL, 2)
    assert found is not None
    assert found.number == 2
    assert table.find(MODEL, 9) is None
