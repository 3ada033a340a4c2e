"""CloudFormation custom resource: runs when a new version stands, and with the old properties on a rollback.

Source of the exchange: AWS CloudFormation template reference, "Custom resource request and response reference".
"""

from __future__ import annotations

import json
import logging
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

import boto3

from functions.release.mover import Move, Mover

_LOG = logging.getLogger()


def on_event(event: Mapping[str, Any], context: Any) -> None:
    """The function's entry point."""
    respond(event, context.log_stream_name, lambda move: Mover(boto3.client("lambda"))(move))


def respond(event: Mapping[str, Any], log_stream: str, mover: Callable[[Move], None]) -> None:
    """Do what ``event`` asks and answer at the address it gives; unanswered, CloudFormation waits for long."""
    try:
        # On deletion the alias goes with its function.
        if event["RequestType"] != "Delete":
            mover(Move.from_properties(event["ResourceProperties"], event.get("OldResourceProperties", {})))
    except Exception as error:  # noqa: BLE001 - whatever it is, CloudFormation must hear of it
        _LOG.exception("the alias was not moved")
        _answer(event, "FAILED", f"{error} (log stream {log_stream})")
    else:
        _answer(event, "SUCCESS", "")


def _answer(event: Mapping[str, Any], status: str, reason: str) -> None:
    body = {
        "Status": status,
        "Reason": reason[:1000],
        # The same for every version, so CloudFormation never takes an old one for a resource to delete.
        "PhysicalResourceId": event["LogicalResourceId"],
        **{key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")},
    }
    # The address is CloudFormation's own, presigned for this one answer.
    request = urllib.request.Request(event["ResponseURL"], json.dumps(body).encode(), method="PUT")  # noqa: S310
    urllib.request.urlopen(request, timeout=30).close()  # noqa: S310
