"""The models that stacks have written down. boto3's Stubber checks each call against the API."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from functions.catalog.parameters import aliases_by_model

PATH = "/serin/dev/models"


@pytest.fixture
def stubber() -> Stubber:
    """Of a client that sends nothing."""
    return Stubber(boto3.client("ssm", region_name="eu-central-1"))


def _parameter(name: str) -> dict[str, str]:
    return {"Name": f"{PATH}/{name}", "Value": f"arn:aws:lambda:eu-central-1:123456789012:function:{name}-f:live"}


def test_every_page_is_read(stubber: Stubber) -> None:
    first = {"Parameters": [_parameter("a"), _parameter("b")], "NextToken": "more"}
    stubber.add_response("get_parameters_by_path", first, {"Path": PATH})
    stubber.add_response(
        "get_parameters_by_path", {"Parameters": [_parameter("c")]}, {"Path": PATH, "NextToken": "more"}
    )
    with stubber:
        found = aliases_by_model(stubber.client, PATH)
    assert list(found) == ["a", "b", "c"]
    assert found["c"] == "arn:aws:lambda:eu-central-1:123456789012:function:c-f:live"


def test_a_stage_without_models_has_no_function(stubber: Stubber) -> None:
    stubber.add_response("get_parameters_by_path", {"Parameters": []}, {"Path": PATH})
    with stubber:
        assert aliases_by_model(stubber.client, PATH) == {}


def test_a_refusal_is_not_taken_for_an_empty_stage(stubber: Stubber) -> None:
    stubber.add_client_error("get_parameters_by_path", "AccessDeniedException", expected_params={"Path": PATH})
    with stubber, pytest.raises(ClientError, match="AccessDenied"):
        aliases_by_model(stubber.client, PATH)
