"""A stage and its account, with a peer that plays AWS."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from cli.doctor.account import ACCOUNT_CHECKS, PLAN_CHECKS, Gate, Plan, Target
from cli.doctor.finding import NotChecked, Problem
from infra.config import STAGES, Alarming, Stage
from local.account import account_of
from serin.manifest import Manifest, Serving
from tests.aws_replies import identity, json_error, parameter, query_error, stacks, with_aws_at, without_aws
from tests.peer import Reply, answering
from tests.small_models.catalogue import FLOWER
from tests.unit.cli.doctor.models import problems

DEV = STAGES["dev"]
OWN = identity("123456789012")
CHECKS = {examiner.check.name: examiner for examiner in ACCOUNT_CHECKS}


def settings(concurrency: int) -> Reply:
    """Lambda's answer to GetAccountSettings."""
    limit = {"ConcurrentExecutions": concurrency, "UnreservedConcurrentExecutions": concurrency}
    return Reply(200, json.dumps({"AccountLimit": limit, "AccountUsage": {}}).encode())


def manifest(**serving: Any) -> Manifest:
    return msgspec.structs.replace(FLOWER.manifest(), serving=Serving(**serving))


def look(
    monkeypatch: pytest.MonkeyPatch, check: str, *replies: Reply, stage: Stage = DEV, models: Sequence[Manifest] = ()
) -> Problem | None:
    with answering(OWN, *replies) as peer:
        with_aws_at(peer, monkeypatch)
        target = Target(Plan(stage, models or [manifest()]), account_of(stage))
        return problems([CHECKS[check]], target).get(check)


def gate(stage: Stage = DEV) -> Problem | None:
    return next(iter(Gate(stage).problems()), None)


# --- Credentials ----------------------------------------------------------------------------------------------


def test_no_credentials_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    without_aws(monkeypatch)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert gate() == Problem("no AWS credentials", "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")


def test_expired_credentials_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(query_error("ExpiredToken", "It is expired", 403)) as peer:
        with_aws_at(peer, monkeypatch)
        found = gate()
    assert found is not None
    assert found.what == "AWS does not accept the credentials (ExpiredToken: It is expired)"


def test_credentials_of_another_account_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(OWN) as peer:
        with_aws_at(peer, monkeypatch)
        found = gate(replace(DEV, account="210987654321", region="eu-west-1"))
    assert found is not None
    assert found.what == "stage 'dev' belongs to account 210987654321"


def test_an_aws_that_cannot_be_reached_is_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(OWN) as gone:
        pass
    with_aws_at(gone, monkeypatch)
    with pytest.raises(NotChecked, match="AWS cannot be reached"):
        gate()


def test_good_credentials_open_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(OWN) as peer:
        with_aws_at(peer, monkeypatch)
        opened = Gate(DEV)
        assert list(opened.problems()) == []
    assert opened.account is not None
    assert opened.account.number == "123456789012"


# --- What is in the account -----------------------------------------------------------------------------------


def test_an_account_that_the_cdk_has_not_prepared_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    found = look(monkeypatch, "bootstrap", json_error("ParameterNotFound", ""))
    assert found == Problem(
        "aws://123456789012/eu-west-1 is not bootstrapped for the CDK", "run `make bootstrap STAGE=dev` once"
    )
    assert look(monkeypatch, "bootstrap", parameter("21")) is None


@pytest.mark.parametrize(
    ("check", "reply"),
    [
        ("bootstrap", json_error("AccessDeniedException", "may not")),
        ("stacks", query_error("AccessDenied", "may not", 403)),
        ("left-stacks", query_error("AccessDenied", "may not", 403)),
        ("concurrency", json_error("AccessDeniedException", "may not", 403)),
        ("concurrency-quota", json_error("AccessDeniedException", "may not", 403)),
        ("concurrency-alarm", json_error("AccessDeniedException", "may not", 403)),
    ],
)
def test_a_permission_that_is_missing_is_told_and_never_passed_over(
    check: str, reply: Reply, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotChecked, match=r"^the permission [a-z]+:[A-Za-z]+ is missing"):
        look(monkeypatch, check, reply)


def test_a_stack_that_cannot_be_updated_is_found_with_the_command_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    stuck = stacks({}, "Serin-dev-Model-flower", "Other", status="UPDATE_ROLLBACK_FAILED")
    found = look(monkeypatch, "stacks", stuck)
    assert found == Problem(
        "stack Serin-dev-Model-flower is UPDATE_ROLLBACK_FAILED",
        "run `aws cloudformation continue-update-rollback --stack-name Serin-dev-Model-flower`, then deploy",
    )
    assert look(monkeypatch, "stacks", stacks({}, "Serin-dev-Model-flower")) is None


def test_a_stack_whose_model_is_gone_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    found = look(monkeypatch, "left-stacks", stacks({}, "Serin-dev-Model-gone", "Serin-dev-Model-flower"))
    assert found is not None
    assert found.what == "stack Serin-dev-Model-gone stands without a folder"


def test_more_reserved_instances_than_the_account_has_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    models = [manifest(reserved_concurrency=500), manifest(reserved_concurrency=450), manifest()]
    found = look(monkeypatch, "concurrency", settings(1000), models=models)
    assert found is not None
    assert found.what == "the models reserve 950 instances, 100 must stay free, and the account has 1000"
    assert found.fix.startswith("lower serving.reserved_concurrency by 50 in all, or run `aws service-quotas")
    assert "--desired-value 1050`" in found.fix
    assert look(monkeypatch, "concurrency", settings(1050), models=models) is None


def test_nothing_reserved_fits_any_quota(monkeypatch: pytest.MonkeyPatch) -> None:
    assert look(monkeypatch, "concurrency", settings(10)) is None


def test_the_quota_of_a_new_account_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    found = look(monkeypatch, "concurrency-quota", settings(10))
    assert found is not None
    assert found.what == "the account may run 10 instances at once, over all functions"
    assert look(monkeypatch, "concurrency-quota", settings(1000)) is None


def test_an_alarm_on_another_quota_than_the_accounts_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    found = look(monkeypatch, "concurrency-alarm", settings(3000))
    assert found is not None
    assert found.fix == "set `alarms=Alarming(account_concurrency=3000)` for the stage in infra/config.py"
    stage = replace(DEV, alarms=Alarming(account_concurrency=3000))
    assert look(monkeypatch, "concurrency-alarm", settings(3000), stage=stage) is None


# --- The stage's settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "fits"),
    [
        ("public.ecr.aws/lambda/python:3.13", True),
        ("public.ecr.aws/lambda/python:3.12-arm64", True),
        ("public.ecr.aws/lambda/python:3.11", False),
        ("docker.io/library/python:3.13", False),
    ],
)
def test_snap_start_wants_a_base_image_that_knows_it(base: str, fits: bool) -> None:
    stage = replace(DEV, base_image=base)
    found = problems(PLAN_CHECKS, Plan(stage, [manifest(snap_start=True)]))
    assert (found == {}) is fits
    assert problems(PLAN_CHECKS, Plan(stage, [manifest()])) == {}
