"""CloudFormation asks and is answered, whatever happens."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from functions.release.deployment import Deployment, respond


class CloudFormation:
    """Listens on loopback where the presigned address would be."""

    def __init__(self) -> None:
        self.answers: list[dict[str, Any]] = []
        answers = self.answers

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                answers.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing on the terminal."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)

    def event(self, kind: str, **properties: str) -> dict[str, Any]:
        return {
            "RequestType": kind,
            "ResponseURL": f"http://127.0.0.1:{self.server.server_port}/answer",
            "StackId": "stack",
            "RequestId": "request",
            "LogicalResourceId": "Start",
            "ResourceProperties": {"ServiceToken": "arn", **properties},
        }


@pytest.fixture
def cloudformation() -> Iterator[CloudFormation]:
    service = CloudFormation()
    thread = threading.Thread(target=service.server.serve_forever)
    thread.start()
    yield service
    service.server.shutdown()
    thread.join()
    service.server.server_close()


WANTED = {"Version": "2", "Model": "m", "ModelVersion": "1.1.0", "Settings": '{"steps": [5, 50]}'}


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_a_release_of_the_events_version_is_asked_for(cloudformation: CloudFormation, kind: str) -> None:
    deployments: list[Deployment] = []
    respond(cloudformation.event(kind, **WANTED), "log", deployments.append)
    (request,) = [each.request for each in deployments]
    assert request is not None
    assert (request.model, request.version, request.model_version, request.cause) == (
        "m",
        "2",
        "1.1.0",
        "stack request",
    )
    assert request.settings.steps == (5, 50)
    assert cloudformation.answers == [
        {
            "Status": "SUCCESS",
            "Reason": "",
            "PhysicalResourceId": "Start",
            "StackId": "stack",
            "RequestId": "request",
            "LogicalResourceId": "Start",
        }
    ]


@pytest.mark.parametrize(("kind", "is_first"), [("Create", True), ("Update", False)])
def test_the_first_version_of_a_function_is_that_of_a_new_stack(
    cloudformation: CloudFormation, kind: str, is_first: bool
) -> None:
    deployments: list[Deployment] = []
    respond(cloudformation.event(kind, **WANTED), "log", deployments.append)
    assert [each.is_first for each in deployments] == [is_first]


def test_what_was_before_is_told(cloudformation: CloudFormation) -> None:
    deployments: list[Deployment] = []
    event = cloudformation.event("Update", **WANTED) | {"OldResourceProperties": {"Version": "1", "WarmInstances": "2"}}
    respond(event, "log", deployments.append)
    assert [(each.warm_instances, each.was_warm) for each in deployments] == [(None, True)]


def test_the_version_that_was_deployed_before_is_not_released_again(cloudformation: CloudFormation) -> None:
    deployments: list[Deployment] = []
    event = cloudformation.event("Update", **WANTED) | {"OldResourceProperties": WANTED}
    respond(event, "log", deployments.append)
    assert [each.request for each in deployments] == [None]


@pytest.mark.parametrize(("before", "failed"), [("1", None), ("10", "10")])
def test_cloudformation_alone_goes_back_to_a_version(
    cloudformation: CloudFormation, before: str, failed: str | None
) -> None:
    deployments: list[Deployment] = []
    event = cloudformation.event("Update", **WANTED) | {"OldResourceProperties": {**WANTED, "Version": before}}
    respond(event, "log", deployments.append)
    assert [each.failed for each in deployments] == [failed]


def test_a_deletion_releases_nothing(cloudformation: CloudFormation) -> None:
    deployments: list[Deployment] = []
    respond(cloudformation.event("Delete", **WANTED), "log", deployments.append)
    assert deployments == []
    assert cloudformation.answers[0]["Status"] == "SUCCESS"


def test_a_failure_is_told_with_its_reason_and_where_to_read_on(cloudformation: CloudFormation) -> None:
    def fail(_: Deployment) -> None:
        raise RuntimeError("x" * 2000)

    respond(cloudformation.event("Update", **WANTED), "log", fail)
    (answer,) = cloudformation.answers
    assert answer["Status"] == "FAILED"
    assert answer["Reason"] == "x" * 1000


def test_an_event_without_its_properties_is_answered_too(cloudformation: CloudFormation) -> None:
    respond(cloudformation.event("Create"), "log", lambda _: None)
    assert cloudformation.answers[0] | {"Reason": ""} == cloudformation.answers[0] | {"Status": "FAILED", "Reason": ""}


def test_every_version_has_the_same_physical_id(cloudformation: CloudFormation) -> None:
    for version in ("1", "2"):
        respond(cloudformation.event("Update", **(WANTED | {"Version": version})), "log", lambda _: None)
    assert {answer["PhysicalResourceId"] for answer in cloudformation.answers} == {"Start"}
