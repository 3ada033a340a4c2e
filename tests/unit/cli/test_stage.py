from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.credentials import Signature, given
from cli.endpoint import Endpoint
from cli.main import run
from cli.outcome import CommandError, ExitCode
from cli.stage import api_url, stage_endpoint
from tests.aws_replies import json_error, query_error, stacks, with_aws_at, without_aws
from tests.peer import Reply, answering

URL = "https://abc123.execute-api.eu-west-1.amazonaws.com/dev/"
OUTPUTS = {"ApiUrl": URL, "ApiKeyId": "k1", "DashboardUrl": "https://console.example.com"}
KEY = Reply(200, json.dumps({"id": "k1", "value": "secret"}).encode())


@pytest.fixture(autouse=True)
def _no_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    without_aws(monkeypatch)


def found(
    monkeypatch: pytest.MonkeyPatch, *replies: Reply, key: str | None = None, token: str | None = None
) -> Endpoint:
    with answering(*replies) as peer:
        with_aws_at(peer, monkeypatch)
        return stage_endpoint("dev", key, token)


def refused(monkeypatch: pytest.MonkeyPatch, *replies: Reply) -> str:
    with pytest.raises(CommandError) as error:
        found(monkeypatch, *replies)
    assert error.value.code is ExitCode.AWS_REFUSED
    return error.value.message


def test_the_address_and_the_first_key_come_from_the_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(stacks(OUTPUTS, "Serin-dev-Api"), KEY) as peer:
        with_aws_at(peer, monkeypatch)
        endpoint = stage_endpoint("dev", None, None)
    assert endpoint == Endpoint.at(f"{peer.url}/_aws/execute-api/abc123/dev", given("secret", None))
    stack, key = peer.asked
    assert b"StackName=Serin-dev-Api" in stack.body
    assert (key.method, key.path) == ("GET", "/apikeys/k1?includeValue=true")


def test_a_key_of_ones_own_is_taken_and_none_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(monkeypatch, stacks(OUTPUTS, "Serin-dev-Api"), key="own").credentials == given("own", None)


def test_a_stage_without_keys_gets_a_signature_or_the_token_that_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = stacks({"ApiUrl": URL}, "Serin-dev-Api")
    assert found(monkeypatch, stack, token="t.t").credentials == given(None, "t.t")  # noqa: S106
    credentials = found(monkeypatch, stack).credentials
    assert isinstance(credentials, Signature)
    assert (credentials.credentials.access_key, credentials.region) == ("AKIDEXAMPLE", "eu-west-1")


@pytest.mark.parametrize(
    ("announced", "aws", "address"),
    [
        (URL, None, URL),
        (URL, "http://127.0.0.1:4566/", "http://127.0.0.1:4566/_aws/execute-api/abc123/dev"),
        ("https://api.example.org/", "http://127.0.0.1:4566", "https://api.example.org/"),
    ],
)
def test_an_api_answers_where_its_aws_is(announced: str, aws: str | None, address: str) -> None:
    assert api_url(announced, aws) == address


def test_no_credentials_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    with pytest.raises(CommandError, match=r"^no AWS credentials; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and "):
        stage_endpoint("dev", None, None)


def test_no_region_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    with pytest.raises(CommandError, match=r"^no AWS region; set AWS_REGION, or `region` in the profile$"):
        stage_endpoint("dev", None, None)


def test_an_unknown_profile_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nope")
    with pytest.raises(CommandError, match=r"^The config profile \(nope\) could not be found; set AWS_PROFILE"):
        stage_endpoint("dev", None, None)


def test_a_stage_that_is_not_deployed_is_one_line_with_the_verb_that_deploys_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = refused(monkeypatch, query_error("ValidationError", "Stack with id Serin-dev-Api does not exist"))
    assert said == (
        "stage 'dev' is not deployed here: region eu-west-1 has no stack Serin-dev-Api; "
        "`make deploy STAGE=dev` makes it"
    )


def test_a_deploy_that_is_not_finished_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    said = refused(monkeypatch, stacks({}, "Serin-dev-Api", status="CREATE_IN_PROGRESS"))
    assert said == (
        "stack Serin-dev-Api has no output ApiUrl yet (CREATE_IN_PROGRESS); wait for its deploy, or run it again"
    )


def test_credentials_that_aws_does_not_accept_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    said = refused(monkeypatch, query_error("ExpiredToken", "The security token is expired", 403))
    assert said.startswith("AWS does not accept the credentials (ExpiredToken: The security token is expired); set ")


def test_a_stack_that_may_not_be_read_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    said = refused(monkeypatch, query_error("AccessDenied", "User: u is not authorized", 403))
    assert said == "the permission cloudformation:DescribeStacks is missing: User: u is not authorized"


def test_a_key_that_may_not_be_read_is_one_line_that_names_the_way_without(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = stacks(OUTPUTS, "Serin-dev-Api")
    said = refused(monkeypatch, stack, json_error("AccessDeniedException", "not authorized: apigateway:GET", 403))
    assert said == (
        "the permission apigateway:GET on the stage's key (or give one with --api-key) is missing: "
        "not authorized: apigateway:GET"
    )


def test_any_other_refusal_of_aws_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(monkeypatch, query_error("Strange", "so it is")) == "AWS answers Strange: so it is"


def test_aws_that_is_not_there_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(KEY) as gone:
        pass
    with_aws_at(gone, monkeypatch)
    with pytest.raises(CommandError, match=r"^AWS cannot be reached: ") as error:
        stage_endpoint("dev", None, None)
    assert error.value.code is ExitCode.UNREACHABLE


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--stage", "a b"], "--stage: expected the name of a stage, like dev or prod"),
        (["--stage", "dev", "--url", "http://h"], "--url and --stage both name an endpoint; give one of them"),
    ],
)
def test_a_stage_that_cannot_be_meant_is_wrong_usage(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["models", *options]) == ExitCode.USAGE
    assert capsys.readouterr().err == f"serin: {said}\n"


def test_a_prediction_of_a_stage_is_that_of_its_api(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = tmp_path / "row.json"
    row.write_text('{"x": 3}')
    answer = Reply(200, b'{"predictions":[{"value":6.0}]}')
    with answering(stacks(OUTPUTS, "Serin-dev-Api"), KEY, answer) as peer:
        with_aws_at(peer, monkeypatch)
        assert run(["predict", "multiply", "--input", str(row), "--stage", "dev"]) == ExitCode.OK
    assert capsys.readouterr().out == "6.0\n"
    asked = peer.asked[-1]
    assert (asked.path, asked.headers["x-api-key"]) == (
        "/_aws/execute-api/abc123/dev/models/multiply/predict",
        "secret",
    )
