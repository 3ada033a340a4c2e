"""The AWS account that a stage goes to, looked at before the CDK is: whose it is, and whether the CDK was there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import boto3
from botocore.exceptions import ClientError

from cli.aws import BRIEF, asking_aws, is_denied, open_session
from infra.config import Stage
from local.errors import LocalError

BOOTSTRAP_VERSION: Final = "/cdk-bootstrap/hnb659fds/version"
"""The parameter that ``cdk bootstrap`` leaves, with the qualifier that the CDK has unless told otherwise."""


@dataclass(frozen=True)
class Account:
    """Where the credentials lead, and where the stage goes."""

    number: str
    region: str
    session: boto3.Session

    @property
    def address(self) -> str:
        """As ``cdk bootstrap`` takes it."""
        return f"aws://{self.number}/{self.region}"

    def check_bootstrapped(self, stage: Stage) -> bool:
        """Raises LocalError where the CDK cannot deploy yet.

        False: whoever may only take on the CDK's own roles may not read the parameter; then the CDK itself checks it.
        """
        with asking_aws("ssm:GetParameter"):
            try:
                self.session.client("ssm", config=BRIEF).get_parameter(Name=BOOTSTRAP_VERSION)
            except ClientError as error:
                if is_denied(error):
                    return False
                if error.response["Error"]["Code"] != "ParameterNotFound":
                    raise
                message = (
                    f"{self.address} is not bootstrapped for the CDK; run `make bootstrap STAGE={stage.name}` once"
                )
                raise LocalError(message) from None
        return True

    def stacks(self) -> Mapping[str, str] | None:
        """Status of every stack of the account, by name; None where the caller may not look."""
        found: dict[str, str] = {}
        with asking_aws("cloudformation:DescribeStacks"):
            try:
                client = self.session.client("cloudformation", config=BRIEF)
                for page in client.get_paginator("describe_stacks").paginate():
                    found |= {stack["StackName"]: stack["StackStatus"] for stack in page["Stacks"]}
            except ClientError as error:
                if not is_denied(error):
                    raise
                return None
        return found

    def models_without_folder(self, stage: Stage, folders: frozenset[str]) -> tuple[str, ...]:
        """Stacks of models that were deployed and are gone from ``models/``; none where the caller may not look."""
        return left_behind(self.stacks() or {}, stage, folders)


def left_behind(stacks: Iterable[str], stage: Stage, folders: frozenset[str]) -> tuple[str, ...]:
    """Of ``stacks``, those of models of ``stage`` that have no folder."""
    prefix = f"Serin-{stage.name}-Model-"
    return tuple(sorted(name for name in stacks if name.startswith(prefix) and name[len(prefix) :] not in folders))


def account_of(stage: Stage) -> Account:
    """The account and region that ``stage`` goes to.

    Raises:
        CommandError: no credentials or no region, or AWS does not accept them.
        LocalError: the stage belongs to another account.
    """
    session = open_session(stage.region)
    with asking_aws("sts:GetCallerIdentity"):
        number = session.client("sts", config=BRIEF).get_caller_identity()["Account"]
    if stage.account not in {None, number}:
        message = f"stage {stage.name!r} belongs to account {stage.account}; the credentials are those of {number}"
        raise LocalError(message)
    return Account(number, session.region_name, session)
