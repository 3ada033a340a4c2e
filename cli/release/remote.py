"""A model's release function, as seen from here: found by its stack's output, asked by its commands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError

from cli.aws import BRIEF, asking_aws, open_session
from cli.outcome import CommandError, ExitCode
from cli.stage import check_stage, find_stack, model_stack_name, outputs_of
from serin.manifest import Name
from serin.release.items import from_json
from serin.release.record import Release, Traffic

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_cloudformation.type_defs import StackTypeDef
    from mypy_boto3_lambda import LambdaClient

OUTPUT: Final = "ReleaseFunction"
_SECONDS: Final = 620
"""Longer than the function may take. An order is sent once: whether one that got lost was obeyed, the record tells."""
_PATIENT: Final = Config(
    connect_timeout=10, read_timeout=_SECONDS, retries={"total_max_attempts": 1}, tcp_keepalive=True
)
_TIMED_OUT: Final = "Task timed out"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A release, what the alias was at ``now`` (seconds since the epoch), and ``document``: all that was answered."""

    release: Release
    alias: Traffic
    now: float
    document: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class ReleaseFunction:
    """``reading`` and ``ordering`` are clients of Lambda's API.

    Every method raises CommandError: the function refuses, fails or is not there, or may not be called.
    """

    stage: str
    model: str
    stack: StackTypeDef
    session: boto3.Session
    reading: LambdaClient
    ordering: LambdaClient

    @property
    def name(self) -> str:
        """Of the Lambda function."""
        return outputs_of(self.stack, OUTPUT)[OUTPUT]

    def status(self, number: int | None = None) -> Seen:
        """The release of this number, or the last."""
        event = {"command": "status"} | ({} if number is None else {"number": number})
        document = self._ask(self.reading, event)
        try:
            known = {**document}
            alias, now = Traffic(**known.pop("alias")), float(known.pop("now"))
            return Seen(release=from_json(known), alias=alias, now=now, document=document)
        except (KeyError, TypeError, ValueError):
            raise self._strange() from None

    def history(self) -> tuple[list[Release], Mapping[str, Any]]:
        """The last releases, newest first; and the same as they were answered."""
        document = self._ask(self.reading, {"command": "history"})
        try:
            return [from_json(each) for each in document["releases"]], document
        except (KeyError, TypeError, ValueError):
            raise self._strange() from None

    def order(
        self, command: str, reason: str, *, version: str | None = None, force: bool = False
    ) -> tuple[Release, Mapping[str, Any]]:
        """What has become of the release that ``command`` is about; and the same as it was answered.

        It is ordered in the name of whose credentials these are.
        """
        with asking_aws("sts:GetCallerIdentity"):
            caller = self.session.client("sts", config=BRIEF).get_caller_identity()["Arn"]
        named = {} if version is None else {"version": version}
        document = self._ask(
            self.ordering, {"command": command, "reason": reason, "by": caller, "force": force, **named}
        )
        try:
            return from_json(document), document
        except (KeyError, TypeError, ValueError):
            raise self._strange() from None

    def _ask(self, client: LambdaClient, event: Mapping[str, Any]) -> dict[str, Any]:
        name = self.name
        with asking_aws(f"lambda:InvokeFunction on {name}"):
            try:
                answer = client.invoke(FunctionName=name, Payload=json.dumps(event).encode())
                payload = answer["Payload"].read()
            except ReadTimeoutError:
                raise self._late() from None
            except ClientError as error:
                if error.response["Error"]["Code"] != "ResourceNotFoundException":
                    raise
                message = f"model {self.model} has lost its release function {name}"
                raise CommandError(
                    ExitCode.AWS_REFUSED, f"{message}; `make deploy STAGE={self.stage}` makes it anew"
                ) from None
        return self._read(payload, failed="FunctionError" in answer)

    def _read(self, payload: bytes, *, failed: bool) -> dict[str, Any]:
        try:
            found = json.loads(payload)
        except ValueError:
            found = None
        if failed:
            raise self._failed(found if isinstance(found, dict) else {})
        if not isinstance(found, dict):
            raise self._strange()
        if "refused" in found:
            raise CommandError(ExitCode.REFUSED, str(found["refused"]))
        return found

    def _failed(self, error: Mapping[str, Any]) -> CommandError:
        kind, text = str(error.get("errorType", "error")), str(error.get("errorMessage", ""))
        if _TIMED_OUT in text:
            return self._late()
        message = f"the release function of model {self.model} failed ({kind}: {text[:300]})"
        return CommandError(ExitCode.UNREACHABLE, f"{message}; try again, and see the log of {self.name}")

    def _late(self) -> CommandError:
        message = f"the release function of model {self.model} did not answer in time"
        status = f"serin release status {self.model} --stage {self.stage}"
        return CommandError(ExitCode.UNREACHABLE, f"{message}; `{status}` tells whether anything was done")

    def _strange(self) -> CommandError:
        message = f"the release function of model {self.model} answers what this `serin` does not know"
        return CommandError(
            ExitCode.UNREACHABLE, f"{message}; use the one of the same version, or `make deploy STAGE={self.stage}`"
        )


def release_function(stage: str, model: str) -> ReleaseFunction:
    """The release function of ``model`` in ``stage``.

    Raises:
        CommandError: no credentials, no such stage or model, or a permission that is missing.
    """
    check_stage(stage)
    try:
        msgspec.convert(model, Name)
    except msgspec.ValidationError:
        raise CommandError(ExitCode.USAGE, "MODEL: expected the name of a model, like breast-cancer") from None
    session = open_session()
    missing = f"stage {stage!r} has no model {model!r} here"
    stack = find_stack(session, model_stack_name(stage, model), missing, stage)
    return _functions(session, stage, {model: stack})[0]


def release_functions(stage: str) -> list[ReleaseFunction]:
    """Those of all models of ``stage``, by name.

    Raises:
        CommandError: no credentials, no such stage, or a permission that is missing.
    """
    check_stage(stage)
    session, prefix = open_session(), model_stack_name(stage, "")
    stacks: dict[str, StackTypeDef] = {}
    with asking_aws("cloudformation:DescribeStacks"):
        for page in session.client("cloudformation", config=BRIEF).get_paginator("describe_stacks").paginate():
            named = [stack for stack in page["Stacks"] if stack["StackName"].startswith(prefix)]
            stacks |= {stack["StackName"].removeprefix(prefix): stack for stack in named}
    if not stacks:
        message = f"no model of stage {stage!r} is deployed here: region {session.region_name} has no stack {prefix}..."
        raise CommandError(ExitCode.AWS_REFUSED, f"{message}; `make deploy STAGE={stage}` makes them")
    return _functions(session, stage, dict(sorted(stacks.items())))


def _functions(session: boto3.Session, stage: str, stacks: Mapping[str, StackTypeDef]) -> list[ReleaseFunction]:
    reading, ordering = session.client("lambda", config=BRIEF), session.client("lambda", config=_PATIENT)
    return [
        ReleaseFunction(
            stage=stage,
            model=model,
            stack=stack,
            session=session,
            reading=reading,
            ordering=ordering,
        )
        for model, stack in stacks.items()
    ]
