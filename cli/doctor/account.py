"""The AWS account of a stage, and what the stage's settings mean for the models."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from cli.aws import BRIEF, asking_aws
from cli.doctor.finding import Check, Examiner, NotChecked, Problem, Severity
from cli.outcome import CommandError, ExitCode
from infra.config import Stage
from local.account import Account, account_of, left_behind
from local.errors import LocalError
from serin.manifest import Manifest

UNRESERVED: Final = 100
"""Instances that Lambda keeps for functions without a reservation (developer guide, "Configuring reserved
concurrency")."""
FEW: Final = 100
"""A new account's quota can be as low as 10."""
_QUOTA: Final = "aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384"
_AWS_BASE: Final = re.compile(r"public\.ecr\.aws/lambda/python:3\.(\d+)([-.].*)?")
_OLDEST_BASE: Final = 12
_STUCK: Final = {
    "DELETE_FAILED": "aws cloudformation delete-stack --stack-name {}",
    "ROLLBACK_FAILED": "aws cloudformation delete-stack --stack-name {}",
    "UPDATE_ROLLBACK_FAILED": "aws cloudformation continue-update-rollback --stack-name {}",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """Models that are to go to a stage."""

    stage: Stage
    manifests: Sequence[Manifest]

    @property
    def reserved(self) -> int:
        """Instances that the models reserve together."""
        return sum(manifest.serving.reserved_concurrency or 0 for manifest in self.manifests)


@dataclass(frozen=True)
class Target:
    """A plan and the account that it goes to. What is asked of AWS raises NotChecked where it does not tell."""

    plan: Plan
    account: Account

    @cached_property
    def stacks(self) -> Mapping[str, str]:
        """Status of every stack, by name."""
        try:
            found = self.account.stacks()
        except CommandError as error:
            raise NotChecked(error.message) from None
        if found is None:
            raise NotChecked("the permission cloudformation:DescribeStacks is missing")
        return found

    @cached_property
    def quota(self) -> int:
        """Instances that the account may run at once."""
        try:
            with asking_aws("lambda:GetAccountSettings"):
                settings = self.account.session.client("lambda", config=BRIEF).get_account_settings()
        except CommandError as error:
            raise NotChecked(error.message) from None
        return settings["AccountLimit"]["ConcurrentExecutions"]


class Gate:
    """The account, looked up once: ``problems`` says why there is none."""

    def __init__(self, stage: Stage) -> None:
        self.account: Account | None = None
        self._stage = stage

    def problems(self) -> Iterator[Problem]:
        try:
            self.account = account_of(self._stage)
        except CommandError as error:
            if error.code is ExitCode.UNREACHABLE:
                raise NotChecked(error.message) from None
            yield _problem(error.message)
        except LocalError as error:
            yield _problem(error.message)


def _problem(message: str) -> Problem:
    what, _, fix = message.partition("; ")
    return Problem(what, fix or "set AWS_PROFILE to one of this account, and try `aws sts get-caller-identity`")


def _base(plan: Plan) -> Iterator[Problem]:
    found = _AWS_BASE.fullmatch(plan.stage.base_image)
    if found is not None and int(found[1]) >= _OLDEST_BASE:
        return
    for manifest in plan.manifests:
        if manifest.serving.snap_start:
            yield Problem(
                f"{manifest.name} has snap_start, and the stage's base image is {plan.stage.base_image}",
                "set base_image to public.ecr.aws/lambda/python:3.13 in infra/config.py, or remove snap_start",
            )


def _bootstrap(target: Target) -> Iterator[Problem]:
    try:
        seen = target.account.check_bootstrapped(target.plan.stage)
    except LocalError as error:
        yield _problem(error.message)
        return
    except CommandError as error:
        raise NotChecked(error.message) from None
    if not seen:
        raise NotChecked("the permission ssm:GetParameter is missing; the CDK checks it by its own roles")


def _stuck(target: Target) -> Iterator[Problem]:
    for name, status in sorted(target.stacks.items()):
        if name.startswith(f"Serin-{target.plan.stage.name}-") and status in _STUCK:
            yield Problem(f"stack {name} is {status}", f"run `{_STUCK[status].format(name)}`, then deploy")


def _left(target: Target) -> Iterator[Problem]:
    folders = frozenset(manifest.name for manifest in target.plan.manifests)
    for name in left_behind(target.stacks, target.plan.stage, folders):
        yield Problem(
            f"stack {name} stands without a folder", f"run `aws cloudformation delete-stack --stack-name {name}`"
        )


def _concurrency(target: Target) -> Iterator[Problem]:
    quota, reserved = target.quota, target.plan.reserved
    if reserved and reserved + UNRESERVED > quota:
        over = reserved + UNRESERVED - quota
        yield Problem(
            f"the models reserve {reserved} instances, {UNRESERVED} must stay free, and the account has {quota}",
            f"lower serving.reserved_concurrency by {over} in all, or run `{_QUOTA} --desired-value "
            f"{max(reserved + UNRESERVED, 1000)}`",
        )


def _few(target: Target) -> Iterator[Problem]:
    quota = target.quota
    if quota < FEW:
        yield Problem(
            f"the account may run {quota} instances at once, over all functions", f"run `{_QUOTA} --desired-value 1000`"
        )


def _alarm(target: Target) -> Iterator[Problem]:
    quota, assumed = target.quota, target.plan.stage.alarms.account_concurrency
    if quota != assumed:
        yield Problem(
            f"the stage's alarms.account_concurrency is {assumed}, and the account's quota {quota}",
            f"set `alarms=Alarming(account_concurrency={quota})` for the stage in infra/config.py",
        )


CREDENTIALS: Final = Check(
    "credentials",
    Severity.ERROR,
    "no AWS credentials or region, ones that AWS does not accept, or those of another account than the stage's",
    "nothing can be deployed",
    "set `AWS_PROFILE` and `AWS_REGION`",
)
PLAN_CHECKS: Final[Sequence[Examiner[Plan]]] = (
    Examiner(
        Check(
            "snap-start-base",
            Severity.WARNING,
            f"SnapStart on another base image than AWS's for Python 3.{_OLDEST_BASE} and later",
            "only these bring what a start from a snapshot needs, and the version is never published",
            "AWS's base image in `infra/config.py`, or no `serving.snap_start`",
        ),
        _base,
    ),
)
ACCOUNT_CHECKS: Final[Sequence[Examiner[Target]]] = (
    Examiner(
        Check(
            "bootstrap",
            Severity.ERROR,
            "an account and region that the CDK has not prepared",
            "the CDK has nowhere to put images and templates",
            "`make bootstrap STAGE=NAME`",
        ),
        _bootstrap,
    ),
    Examiner(
        Check(
            "stacks",
            Severity.ERROR,
            "stacks of the stage that cannot be updated as they stand",
            "CloudFormation refuses the deploy",
            "delete the stack, or continue its rollback",
        ),
        _stuck,
    ),
    Examiner(
        Check(
            "left-stacks",
            Severity.WARNING,
            "stacks of models that have no folder any more",
            "they go on serving and costing, and nobody updates them",
            "delete the stack",
        ),
        _left,
    ),
    Examiner(
        Check(
            "concurrency",
            Severity.ERROR,
            f"reserved concurrency of all models that leaves less than {UNRESERVED} of the account's quota",
            "Lambda refuses the reservation, and the stack rolls back",
            "reserve less, or ask for a higher quota",
        ),
        _concurrency,
    ),
    Examiner(
        Check(
            "concurrency-quota",
            Severity.WARNING,
            f"an account that may run fewer than {FEW} instances at once",
            "all functions share them: clients get 429 when a few dozen ask at once",
            "ask for a higher quota",
        ),
        _few,
    ),
    Examiner(
        Check(
            "concurrency-alarm",
            Severity.WARNING,
            "another quota than the stage's `alarms.account_concurrency`",
            "the alarm for it is raised too late, or for ever",
            "the true figure in `infra/config.py`",
        ),
        _alarm,
    ),
)
