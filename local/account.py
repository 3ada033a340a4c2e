"""The AWS account that a stage goes to, looked at before the CDK is: whose it is, and whether the CDK was there."""

from __future__ import annotations

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

    def check_bootstrapped(self, stage: Stage) -> None:
        """Raises LocalError where the CDK cannot deploy yet.

        Whoever may only take on the CDK's own roles may not read the parameter; then the CDK itself checks it.
        """
        with asking_aws("ssm:GetParameter"):
            try:
                self.session.client("ssm", config=BRIEF).get_parameter(Name=BOOTSTRAP_VERSION)
            except ClientError as error:
                if is_denied(error):
                    return
                if error.response["Error"]["Code"] != "ParameterNotFound":
                    raise
                message = (
                    f"{self.address} is not bootstrapped for the CDK; run `make bootstrap STAGE={stage.name}` once"
                )
                raise LocalError(message) from None

    def models_without_folder(self, stage: Stage, folders: frozenset[str]) -> tuple[str, ...]:
        """Stacks of models that were deployed and are gone from ``models/``; none where the caller may not look."""
        prefix = f"Serin-{stage.name}-Model-"
        names: list[str] = []
        with asking_aws("cloudformation:DescribeStacks"):
            try:
                for page in (
                    self.session.client("cloudformation", config=BRIEF).get_paginator("describe_stacks").paginate()
                ):
                    names += [stack["StackName"] for stack in page["Stacks"]]
            except ClientError as error:
                if not is_denied(error):
                    raise
        return tuple(sorted(name for name in names if name.startswith(prefix) and name[len(prefix) :] not in folders))


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
