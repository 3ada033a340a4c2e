"""Whether a version may be called at all, by boto3's client, whose Stubber checks each call."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

import boto3
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber

from functions.release.calls import Calls

VERSION = {"FunctionName": "f", "Qualifier": "2"}


def stubbed() -> tuple[Any, Stubber]:
    """Nothing is sent; a client only has to be signed for somewhere."""
    session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="eu-central-1")  # noqa: S106
    client = session.client("lambda")
    stubber = Stubber(client)
    stubber.activate()
    return client, stubber


def answer(status: int) -> dict[str, Any]:
    payload = json.dumps({"statusCode": status, "headers": {}, "body": ""}).encode()
    return {"Payload": StreamingBody(io.BytesIO(payload), len(payload))}


def readiness(*answers: dict[str, Any] | str, states: Sequence[str] = ("Active", "Active")) -> str | None:
    """What a version of such states is found to be; a text is an error that its call is answered with."""
    client, stubber = stubbed()
    states_left, asked = list(states), list(answers)
    stubber.add_response("get_function_configuration", {"State": states_left.pop(0)}, VERSION)
    if states[0] == "Inactive":
        stubber.add_client_error("invoke", asked.pop(0))  # type: ignore[arg-type]
    for state in states_left:
        stubber.add_response("get_function_configuration", {"State": state}, VERSION)
    for each in asked:
        stubber.add_response("invoke", each, {**VERSION, "Payload": ANY})  # type: ignore[arg-type]
    found = Calls(client, function="f", model="m").why_unready("2")
    stubber.assert_no_pending_responses()
    return found


def test_a_version_that_says_so_is_ready() -> None:
    assert readiness(answer(200)) is None


def test_a_version_that_says_otherwise_is_not_ready() -> None:
    assert readiness(answer(503)) == "version 2 of model m is not ready; its log says why"


def test_a_version_that_nobody_has_called_for_weeks_is_woken() -> None:
    assert readiness("CodeArtifactUserPendingException", answer(200), states=["Inactive", "Active"]) is None


def test_a_version_that_has_failed_cannot_be_called() -> None:
    found = readiness(states=["Failed", "Failed"])
    assert found is not None
    assert found.startswith("version 2 of model m cannot be called: Waiter PublishedVersionActive failed")


def test_a_version_that_is_gone_cannot_be_called() -> None:
    client, stubber = stubbed()
    stubber.add_client_error("get_function_configuration", "ResourceNotFoundException", "Function not found")
    found = Calls(client, function="f", model="m").why_unready("2")
    assert found is not None
    assert found.startswith("version 2 of model m cannot be called: An error occurred (ResourceNotFoundException)")
