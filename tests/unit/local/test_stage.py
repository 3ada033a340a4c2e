"""What the verbs of a stage refuse before the CDK is started, each in one line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from infra.config import STAGES
from local import stage
from local.account import account_of
from local.errors import LocalError
from tests.aws_replies import identity, json_error, parameter, query_error, stacks, with_aws_at, without_aws
from tests.peer import Peer, Reply, answering

ACCOUNT = "123456789012"
NAMES = ("Serin-dev-Platform", "Serin-dev-Model-digits", "Serin-dev-Model-gone", "Serin-prod-Model-old", "Other")


def refused(verb: str, capfd: pytest.CaptureFixture[str], name: str = "dev", approval: str = "broadening") -> str:
    assert stage.main([verb, name, approval]) == 1
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err.startswith("serin: ")
    assert said.err.count("\n") == 1
    return said.err[len("serin: ") : -1]


def refused_by_aws(
    verb: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], *replies: Reply
) -> tuple[str, Peer]:
    with answering(*replies) as peer:
        with_aws_at(peer, monkeypatch)
        return refused(verb, capfd), peer


@pytest.mark.parametrize("verb", stage.VERBS)
def test_an_unknown_stage_names_those_that_exist(verb: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert refused(verb, capfd, "test") == "stage 'test' does not exist; choose one of dev, prod"


@pytest.mark.parametrize("verb", stage.VERBS)
def test_an_unknown_approval_names_those_that_exist(verb: str, capfd: pytest.CaptureFixture[str]) -> None:
    said = refused(verb, capfd, approval="perhaps")
    assert said == "APPROVAL=perhaps is unknown; choose one of never, broadening, any-change, destructive"


@pytest.mark.parametrize("verb", ["diff", "bootstrap", "deploy", "destroy"])
def test_no_credentials_is_one_line(
    verb: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    without_aws(monkeypatch)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert refused(verb, capfd) == (
        "no AWS credentials; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    )


def test_expired_credentials_are_one_line(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    said, _ = refused_by_aws("deploy", monkeypatch, capfd, query_error("ExpiredToken", "It is expired", 403))
    assert said.startswith("AWS does not accept the credentials (ExpiredToken: It is expired); set AWS_PROFILE")


def test_an_account_without_bootstrap_is_one_line_with_the_verb_for_it(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    said, peer = refused_by_aws("deploy", monkeypatch, capfd, identity(ACCOUNT), json_error("ParameterNotFound", ""))
    assert said == (f"aws://{ACCOUNT}/eu-west-1 is not bootstrapped for the CDK; run `make bootstrap STAGE=dev` once")
    assert b"/cdk-bootstrap/hnb659fds/version" in peer.asked[-1].body


@pytest.mark.parametrize("version", [parameter("21"), json_error("AccessDeniedException", "may not")])
def test_no_container_program_is_one_line_for_who_may_and_may_not_read_the_bootstrap(
    version: Reply, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CDK_DOCKER", raising=False)
    said, _ = refused_by_aws("deploy", monkeypatch, capfd, identity(ACCOUNT), version)
    assert said.startswith("images must be built and there is no docker, finch or podman; install one")


def test_a_protected_stage_is_not_destroyed(capfd: pytest.CaptureFixture[str]) -> None:
    assert refused("destroy", capfd, "prod", "never") == (
        "stage 'prod' is protected; set its termination_protection to False in infra/config.py, deploy that, "
        "and destroy then"
    )


def test_a_stage_of_another_account_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = replace(STAGES["dev"], account="210987654321", region="eu-central-1")
    with answering(identity(ACCOUNT)) as peer:
        with_aws_at(peer, monkeypatch)
        with pytest.raises(LocalError) as error:
            account_of(elsewhere)
    assert str(error.value) == (f"stage 'dev' belongs to account 210987654321; the credentials are those of {ACCOUNT}")


def test_the_region_is_the_stages_before_it_is_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(identity(ACCOUNT)) as peer:
        with_aws_at(peer, monkeypatch, region="eu-west-1")
        assert account_of(STAGES["dev"]).address == f"aws://{ACCOUNT}/eu-west-1"
        elsewhere = replace(STAGES["dev"], account=ACCOUNT, region="eu-central-1")
        assert account_of(elsewhere).address == f"aws://{ACCOUNT}/eu-central-1"


def test_a_model_whose_folder_is_gone_stops_a_destroy_that_would_leave_it(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    said, peer = refused_by_aws("destroy", monkeypatch, capfd, identity(ACCOUNT), stacks({}, *NAMES))
    assert said == (
        "Serin-dev-Model-gone stands without a folder in models/, so the CDK would leave it; deploy once more if it "
        "still serves, then `aws cloudformation delete-stack --stack-name Serin-dev-Model-gone` removes it"
    )
    assert parse_qs(peer.asked[-1].body.decode())["Action"] == ["DescribeStacks"]


def test_who_may_not_list_stacks_is_not_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(identity(ACCOUNT), query_error("AccessDenied", "may not", 403)) as peer:
        with_aws_at(peer, monkeypatch)
        account = account_of(STAGES["dev"])
        assert account.models_without_folder(STAGES["dev"], frozenset()) == ()


def test_a_broken_model_folder_is_one_line_without_the_cdk(
    small_models: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    manifest = small_models / "multiply" / "model.yaml"
    manifest.write_text(manifest.read_text().replace("range:", "rnage:"))
    monkeypatch.setattr(stage, "REPOSITORY", small_models.parent)
    for verb in ("synth", "diff", "deploy", "destroy"):
        said = refused(verb, capfd)
        assert said == f"{manifest}: features[0].rnage: unknown key; did you mean `range`?"
