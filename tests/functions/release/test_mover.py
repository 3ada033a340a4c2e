"""The alias moves to a version that is ready, and to no other. boto3's Stubber checks each call against the API."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from functions.release.mover import Move, Mover, NotReadyError

MOVE = Move(function="plain-function", alias="live", version="7", model="plain", warm_instances=None, was_warm=False)
VERSION = {"FunctionName": "plain-function", "Qualifier": "7"}
ALIAS = {"FunctionName": "plain-function", "Qualifier": "live"}


class Exchange:
    """A client for Lambda with the answers that it will get, in order."""

    def __init__(self) -> None:
        # Nothing is sent; a client only has to be signed for somewhere.
        self.client = boto3.client("lambda", region_name="eu-central-1")
        self.stubber = Stubber(self.client)

    def active(self) -> Exchange:
        self.stubber.add_response("get_function_configuration", {"State": "Active"}, VERSION)
        return self

    def ready(self, answer: Any, error: str | None = None) -> Exchange:
        question: dict[str, Any] = {"httpMethod": "GET", "path": "/v2/models/plain/ready", "headers": {}, "body": None}
        payload = json.dumps(answer).encode()
        response: dict[str, Any] = {"Payload": StreamingBody(io.BytesIO(payload), len(payload))}
        if error is not None:
            response["FunctionError"] = error
        self.stubber.add_response("invoke", response, {**VERSION, "Payload": json.dumps(question).encode()})
        return self

    def moved(self) -> Exchange:
        expected = {
            "FunctionName": "plain-function",
            "Name": "live",
            "FunctionVersion": "7",
            "RoutingConfig": {"AdditionalVersionWeights": {}},
        }
        self.stubber.add_response("update_alias", {}, expected)
        return self

    def __call__(self, move: Move) -> None:
        with self.stubber:
            Mover(self.client)(move)
        self.stubber.assert_no_pending_responses()


def test_a_ready_version_takes_the_whole_alias() -> None:
    Exchange().active().ready({"statusCode": 200}).moved()(MOVE)


@pytest.mark.parametrize(
    "answer",
    [{"statusCode": 503}, None, "ok"],
)
def test_a_version_that_says_it_is_not_ready_leaves_the_alias_where_it_is(answer: Any) -> None:
    with pytest.raises(NotReadyError, match="version 7 of model plain is not ready"):
        Exchange().active().ready(answer)(MOVE)


CRASH = ({"errorType": "Runtime.ExitError"}, "Unhandled")
TIME_OUT = ({"errorMessage": "Task timed out after 5.00 seconds"}, "Unhandled")


def test_a_version_that_never_answers_is_asked_three_times_and_leaves_the_alias_where_it_is() -> None:
    exchange = Exchange().active().ready(*TIME_OUT).ready(*CRASH).ready({"statusCode": 200}, "Unhandled")
    with pytest.raises(NotReadyError, match="version 7 of model plain is not ready"):
        exchange(MOVE)
    exchange.stubber.assert_no_pending_responses()


def test_a_first_start_that_outlasts_its_time_is_followed_by_another() -> None:
    Exchange().active().ready(*TIME_OUT).ready({"statusCode": 200}).moved()(MOVE)


def test_the_first_warm_instances_are_put_where_there_are_none() -> None:
    exchange = Exchange().active().ready({"statusCode": 200}).moved()
    exchange.stubber.add_client_error(
        "get_provisioned_concurrency_config", "ProvisionedConcurrencyConfigNotFoundException", expected_params=ALIAS
    )
    exchange.stubber.add_response(
        "put_provisioned_concurrency_config", {}, {**ALIAS, "ProvisionedConcurrentExecutions": 3}
    )
    exchange(replace(MOVE, warm_instances=3))


def test_warm_instances_that_are_there_stay_as_the_clock_left_them() -> None:
    exchange = Exchange().active().ready({"statusCode": 200}).moved()
    exchange.stubber.add_response(
        "get_provisioned_concurrency_config", {"RequestedProvisionedConcurrentExecutions": 10}, ALIAS
    )
    exchange(replace(MOVE, warm_instances=3))


def test_warm_instances_that_are_no_longer_wanted_end_before_the_alias_moves() -> None:
    exchange = Exchange().active().ready({"statusCode": 200})
    exchange.stubber.add_response("delete_provisioned_concurrency_config", {}, ALIAS)
    exchange.moved()(replace(MOVE, was_warm=True))


def test_properties_come_as_text() -> None:
    properties = {"FunctionName": "plain-function", "Alias": "live", "Version": "7", "Model": "plain"}
    warm = properties | {"WarmInstances": "3"}
    assert Move.from_properties(properties, old={}) == MOVE
    assert Move.from_properties(warm, old=properties) == replace(MOVE, warm_instances=3)
    assert Move.from_properties(properties, old=warm) == replace(MOVE, was_warm=True)
