"""Records out of DynamoDB. boto3's Stubber checks each call against the API."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from functions.catalog.alias_catalog import CLIENT
from functions.catalog.releases.history import TableHistory
from serin.errors import ModelNotReady
from serin.release.items import to_item
from tests.functions.catalog.releases.fixed_history import NAME, carried_out

RELEASES = carried_out().releases
ITEM = to_item(RELEASES[0])


def stubbed(url: str | None = None) -> tuple[Any, Stubber]:
    """A client as the function has it, and what it will be answered."""
    session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="eu-central-1")  # noqa: S106
    client = session.client("dynamodb", config=CLIENT, endpoint_url=url)
    return client, Stubber(client)


@pytest.mark.parametrize("up_to", [None, 3])
def test_the_last_releases_are_queried_newest_first(up_to: int | None) -> None:
    client, stubber = stubbed()
    names, values = {"#model": "model"}, {":model": {"S": NAME}}
    expected: dict[str, Any] = {
        "TableName": "t",
        "KeyConditionExpression": "#model = :model" + (" AND #number <= :number" if up_to else ""),
        "ExpressionAttributeNames": names | ({"#number": "number"} if up_to else {}),
        "ExpressionAttributeValues": values | ({":number": {"N": "3"}} if up_to else {}),
        "ScanIndexForward": False,
        "ConsistentRead": True,
        "Limit": 5,
    }
    stubber.add_response("query", {"Items": [to_item(release) for release in RELEASES]}, expected)
    with stubber:
        assert TableHistory(client, "t").newest(NAME, 5, up_to) == RELEASES


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException", "ThrottlingException"])
def test_a_refusal_is_one_clear_error_and_one_line(code: str, caplog: pytest.LogCaptureFixture) -> None:
    client, stubber = stubbed()
    stubber.add_client_error("query", code, "user arn:aws:sts::111122223333:assumed-role/x may not")
    with stubber, caplog.at_level(logging.WARNING), pytest.raises(ModelNotReady, match="cannot be read now"):
        TableHistory(client, "t").newest(NAME, 5)
    (line,) = caplog.messages
    assert line == f"the releases of model {NAME} cannot be read: {code}"


def test_a_table_that_cannot_be_reached_is_not_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    client, _ = stubbed("http://127.0.0.1:9")
    with pytest.raises(ModelNotReady):
        TableHistory(client, "t").newest(NAME, 5)
    assert caplog.messages == [f"the releases of model {NAME} cannot be read: EndpointConnectionError"]


@pytest.mark.parametrize(
    "item",
    [
        {"model": {"S": NAME}},
        {"record": {"N": "1"}},
        {"record": {"S": "no JSON"}},
        {"record": {"S": "{}"}},
        {"record": {"S": ITEM["record"]["S"].replace('"baking"', '"secret-7f3a"')}},
        {"record": {"S": ITEM["record"]["S"].replace('"cause"', '"secret-7f3a"')}},
    ],
)
def test_a_record_of_another_code_is_not_told_by_halves(
    item: Mapping[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    client, stubber = stubbed()
    stubber.add_response("query", {"Items": [ITEM, item]})
    with stubber, pytest.raises(ModelNotReady) as caught:
        TableHistory(client, "t").newest(NAME, 5)
    assert "secret" not in caplog.text + str(caught.value)
