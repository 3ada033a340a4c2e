"""Entry point of a model's release function: CloudFormation, the state machine and people call it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from functions.release.announce import Announcer
from functions.release.calls import Calls
from functions.release.commands import Commands, execution_name
from functions.release.crashes import Crashes
from functions.release.deployment import Deployer, respond
from functions.release.golden import GoldenCases
from functions.release.judging import judge_for
from functions.release.live_alias import LiveAlias
from functions.release.senses import AwsSenses
from functions.release.settings import Environment
from functions.release.store import TableStore
from serin.release.controller import Controller
from serin.release.record import Release

_ROOT: Final = Path(__file__).resolve().parents[2]
_PATIENT: Final = Config(read_timeout=120, retries={"total_max_attempts": 5, "mode": "standard"})
"""For the model's own answers."""
_BRISK: Final = Config(connect_timeout=5, read_timeout=15, retries={"total_max_attempts": 3, "mode": "standard"})
"""For all else: while a look waits, nobody looks at the alarms."""


def on_event(event: Any, context: Any) -> dict[str, Any] | None:
    """What goes wrong is raised, to be tried again."""
    parts = _parts()
    if isinstance(event, Mapping) and "RequestType" in event:
        respond(event, context.log_stream_name, parts.deployer)
        return None
    return parts.commands(event)


class _Parts:
    """The room's parts, joined once a process."""

    def __init__(self, environment: Environment) -> None:
        functions = boto3.client("lambda", config=_PATIENT)
        self._machines = boto3.client("stepfunctions", config=_BRISK)
        self._environment = environment
        cloudwatch = boto3.client("cloudwatch", config=_BRISK)
        store = TableStore(boto3.client("dynamodb", config=_BRISK), environment.table)
        calls = Calls(functions, function=environment.function, model=environment.model)
        golden = GoldenCases(
            calls,
            file=_ROOT / "models" / environment.model / "golden.jsonl",
            tolerances=environment.tolerances,
        )
        controller = Controller(
            store=store,
            alias=LiveAlias(functions, environment.function, environment.alias),
            senses=AwsSenses(
                logs=boto3.client("logs", config=_BRISK),
                cloudwatch=cloudwatch,
                log_group=environment.log_group,
                alarm_names=environment.alarms,
                crashes=Crashes(
                    client=cloudwatch,
                    function=environment.function,
                    alias=environment.alias,
                    lag_seconds=environment.metric_lag_seconds,
                ),
                golden=golden,
                calls=calls,
            ),
            judge=judge_for,
            tell=Announcer(
                boto3.client("events", config=_BRISK), boto3.client("sns", config=_BRISK), environment.topic
            ),
            clock=time.time,
            lag_seconds=environment.lag_seconds,
        )
        self.commands = Commands(controller=controller, store=store, model=environment.model, run=self._run)
        self.deployer = Deployer(
            controller=controller,
            client=functions,
            function=environment.function,
            alias=environment.alias,
            run=lambda release: self._run(release, 1),
        )

    def _run(self, release: Release, leg: int) -> None:
        """Start the state machine; a second start of the same leg changes nothing."""
        try:
            self._machines.start_execution(
                stateMachineArn=self._environment.state_machine,
                name=execution_name(release, leg),
                input=json.dumps({"number": release.number, "looks": 0, "leg": leg}),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise


@cache
def _parts() -> _Parts:
    return _Parts(Environment.read())
