"""Functions and stacks on the shared emulator."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local.clients import client
from local.emulator import Emulator

# Answers as API Gateway wants it, says which version it is, and writes one embedded metric.
SOURCE = """
import json, os, time

def handler(event, context):
    directive = {"Namespace": "Serin", "Dimensions": [["function"]], "Metrics": [{"Name": "rows", "Unit": "Count"}]}
    name = context.function_name
    print(json.dumps({"_aws": {"CloudWatchMetrics": [directive]}, "function": name, "rows": [2, 3]}))
    time.sleep(event.get("sleep", 0))
    if event.get("fail"):
        raise ValueError("asked to fail")
    version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
    headers = {"X-Version": version, "X-Request": event.get("requestContext", {}).get("requestId", "")}
    return {"statusCode": 200, "headers": headers, "body": json.dumps({"version": version})}
"""


@pytest.fixture
def new_function(emulator: Emulator) -> Callable[[], str]:
    """Makes a function with versions 1 and 2, and the alias ``live`` on version 1; returns its name."""
    functions = client(emulator, "lambda")

    def make() -> str:
        name = f"f-{uuid.uuid4().hex[:8]}"
        code = {"ZipFile": zipped()}
        role = f"arn:aws:iam::{emulator.settings.account}:role/r"
        functions.create_function(
            FunctionName=name, Runtime="python3.13", Role=role, Handler="index.handler", Code=code
        )
        functions.publish_version(FunctionName=name)
        functions.update_function_configuration(FunctionName=name, Description="another")
        functions.publish_version(FunctionName=name)
        functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
        return name

    return make


def zipped() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("index.py", SOURCE)
    return content.getvalue()


class Stack:
    """A stack on the emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self.name = f"s-{uuid.uuid4().hex[:8]}"
        self._formation = client(emulator, "cloudformation")

    def create(self, resources: dict[str, Any]) -> dict[str, str]:
        return self._change("create", resources)

    def update(self, resources: dict[str, Any]) -> dict[str, str]:
        return self._change("update", resources)

    def delete(self) -> None:
        self._formation.delete_stack(StackName=self.name)
        self._formation.get_waiter("stack_delete_complete").wait(StackName=self.name, WaiterConfig={"Delay": 1})

    def _change(self, verb: str, resources: dict[str, Any]) -> dict[str, str]:
        """Logical id -> physical id."""
        template = json.dumps({"Resources": resources})
        getattr(self._formation, f"{verb}_stack")(StackName=self.name, TemplateBody=template)
        waiter = self._formation.get_waiter(f"stack_{verb}_complete")
        waiter.wait(StackName=self.name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
        found = self._formation.describe_stack_resources(StackName=self.name)["StackResources"]
        return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found}


@pytest.fixture
def stack(emulator: Emulator) -> Iterator[Stack]:
    made = Stack(emulator)
    yield made
    made.delete()
