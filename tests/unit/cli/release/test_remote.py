from __future__ import annotations

import json
import threading
from dataclasses import replace

import pytest
from botocore.config import Config

from cli.aws import open_session
from cli.outcome import CommandError, ExitCode
from cli.release.remote import release_function, release_functions
from serin.release.items import to_json
from serin.release.record import Traffic
from tests.aws_replies import json_error, query_error, with_aws_at
from tests.peer import Asked, Reply, answering, serving
from tests.unit.cli.release.cloud import ADA, Deployed, baking, cloud


def refused(monkeypatch: pytest.MonkeyPatch, reply: Reply, *, order: bool = False) -> tuple[ExitCode, str]:
    """Where Lambda replies so to a command."""
    deployed = baking()
    deployed.reply = reply
    with cloud(monkeypatch, deployed):
        function = release_function("dev", "m")
        with pytest.raises(CommandError) as error:
            function.order("abort", "odd") if order else function.status()
    return error.value.code, error.value.message


def failing(kind: str, text: str) -> Reply:
    body = json.dumps({"errorType": kind, "errorMessage": text, "stackTrace": ["a", "b"]}).encode()
    return Reply(200, body, {"x-amz-function-error": "Unhandled"})


def test_a_status_is_the_record_with_the_alias_and_the_functions_time(monkeypatch: pytest.MonkeyPatch) -> None:
    deployed = baking()
    with cloud(monkeypatch, deployed):
        seen = release_function("dev", "m").status()
    assert seen.release == deployed.last
    assert seen.alias == Traffic(version="1", canary="2", percent=5)
    assert (seen.now, seen.document["now"]) == (deployed.world.time, deployed.world.time)


def test_an_earlier_release_is_asked_for_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    with cloud(monkeypatch, baking()):
        assert release_function("dev", "m").status(1).release.new == "1"


def test_a_history_is_all_records_newest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    deployed = baking()
    with cloud(monkeypatch, deployed):
        releases, document = release_function("dev", "m").history()
    assert [each.number for each in releases] == [2, 1]
    assert document["releases"][0] == json.loads(json.dumps(to_json(deployed.last)))


def test_an_order_is_given_in_the_name_of_the_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    with cloud(monkeypatch, baking()) as aws:
        release, _ = release_function("dev", "m").order("abort", "odd", version="1", force=True)
        assert aws.events() == [{"command": "abort", "reason": "odd", "by": ADA, "force": True, "version": "1"}]
    assert release.reason == f"odd ({ADA})"


def test_the_functions_of_a_stage_are_those_of_its_models_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with cloud(monkeypatch, Deployed("b"), Deployed("a")):
        assert [(each.model, each.name) for each in release_functions("dev")] == [
            ("a", "release-of-a"),
            ("b", "release-of-b"),
        ]


def test_a_refusal_is_the_functions_own_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with cloud(monkeypatch, Deployed()), pytest.raises(CommandError, match=r"^m has no release yet$") as error:
        release_function("dev", "m").status()
    assert error.value.code is ExitCode.REFUSED


@pytest.mark.parametrize("order", [True, False])
def test_a_function_that_fails_is_one_line_with_its_log(monkeypatch: pytest.MonkeyPatch, *, order: bool) -> None:
    assert refused(monkeypatch, failing("Conflict", "a\nb"), order=order) == (
        ExitCode.UNREACHABLE,
        "the release function of model m failed (Conflict: a b); try again, and see the log of release-of-m",
    )


def test_a_function_that_dies_without_a_word_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    code, message = refused(monkeypatch, Reply(200, b"", {"x-amz-function-error": "Unhandled"}))
    assert code is ExitCode.UNREACHABLE
    assert message.startswith("the release function of model m failed (error: )")


LATE = (
    "the release function of model m did not answer in time; "
    "`serin release status m --stage dev` tells whether anything was done"
)


def test_a_function_that_times_out_is_one_line_that_says_where_to_look(monkeypatch: pytest.MonkeyPatch) -> None:
    reply = failing("Sandbox.Timedout", "RequestId: r Error: Task timed out after 600.00 seconds")
    assert refused(monkeypatch, reply, order=True) == (ExitCode.UNREACHABLE, LATE)


def test_an_answer_that_does_not_come_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()

    def never(_asked: Asked) -> Reply:
        ended.wait()
        return Reply(200, b"{}")

    with cloud(monkeypatch, baking()):
        function = release_function("dev", "m")
    with serving(never) as peer:
        with_aws_at(peer, monkeypatch)
        hasty = Config(read_timeout=0.2, retries={"total_max_attempts": 1})
        client = open_session().client("lambda", config=hasty)
        try:
            with pytest.raises(CommandError) as error:
                replace(function, reading=client).status()
        finally:
            ended.set()
    assert (error.value.code, error.value.message, len(peer.asked)) == (ExitCode.UNREACHABLE, LATE, 1)


def test_a_function_that_is_gone_is_one_line_with_what_makes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(monkeypatch, json_error("ResourceNotFoundException", "Function not found", 404)) == (
        ExitCode.AWS_REFUSED,
        "model m has lost its release function release-of-m; `make deploy STAGE=dev` makes it anew",
    )


def test_a_function_that_may_not_be_called_is_one_line_with_the_permission(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(monkeypatch, json_error("AccessDeniedException", "User: u is not authorized", 403)) == (
        ExitCode.AWS_REFUSED,
        "the permission lambda:InvokeFunction on release-of-m is missing: User: u is not authorized",
    )


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{", b"{}", b'{"alias": {}, "now": 1}'])
def test_an_answer_of_another_version_is_one_line(monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    code, message = refused(monkeypatch, Reply(200, body))
    assert code is ExitCode.UNREACHABLE
    assert message == (
        "the release function of model m answers what this `serin` does not know; "
        "use the one of the same version, or `make deploy STAGE=dev`"
    )


@pytest.mark.parametrize("body", [b"{}", b'{"releases": [{}]}'])
def test_records_of_another_version_are_one_line(monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    deployed = baking()
    deployed.reply = Reply(200, body)
    with cloud(monkeypatch, deployed):
        function = release_function("dev", "m")
        with pytest.raises(CommandError, match="answers what this `serin` does not know"):
            function.history()
        with pytest.raises(CommandError, match="answers what this `serin` does not know"):
            function.order("abort", "odd")


def test_a_model_that_is_not_deployed_is_one_line_with_the_verb_that_deploys_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with cloud(monkeypatch, baking()), pytest.raises(CommandError) as error:
        release_function("dev", "other")
    assert error.value.code is ExitCode.AWS_REFUSED
    assert error.value.message == (
        "stage 'dev' has no model 'other' here: region eu-west-1 has no stack Serin-dev-Model-other; "
        "`make deploy STAGE=dev` makes it"
    )


def test_a_stage_without_models_is_one_line_with_the_verb_that_deploys_them(monkeypatch: pytest.MonkeyPatch) -> None:
    with cloud(monkeypatch), pytest.raises(CommandError) as error:
        release_functions("dev")
    assert error.value.code is ExitCode.AWS_REFUSED
    assert error.value.message == (
        "no model of stage 'dev' is deployed here: region eu-west-1 has no stack Serin-dev-Model-...; "
        "`make deploy STAGE=dev` makes them"
    )


def test_a_deploy_that_is_not_finished_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with cloud(monkeypatch, baking()) as aws:
        aws.is_finished = False
        with pytest.raises(CommandError) as error:
            release_function("dev", "m").status()
    assert error.value.message == (
        "stack Serin-dev-Model-m has no output ReleaseFunction yet (CREATE_IN_PROGRESS); "
        "wait for its deploy, or run it again"
    )


@pytest.mark.parametrize("model", ["", "A", "a b", "a/../b", "-", "x" * 41])
def test_what_cannot_be_a_models_name_is_wrong_usage(monkeypatch: pytest.MonkeyPatch, model: str) -> None:
    with cloud(monkeypatch) as aws, pytest.raises(CommandError, match=r"^MODEL: expected the name of a model") as error:
        release_function("dev", model)
    assert error.value.code is ExitCode.USAGE
    assert aws.peer.asked == []


def test_stacks_that_may_not_be_read_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(query_error("AccessDenied", "User: u is not authorized", 403)) as peer:
        with_aws_at(peer, monkeypatch)
        for find in (lambda: release_function("dev", "m"), lambda: release_functions("dev")):
            with pytest.raises(CommandError, match=r"^the permission cloudformation:DescribeStacks is missing: "):
                find()


def test_aws_that_is_not_there_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    with cloud(monkeypatch, baking()):
        function = release_function("dev", "m")
    with pytest.raises(CommandError, match=r"^AWS cannot be reached: ") as error:
        replace(function, reading=function.ordering).status()
    assert error.value.code is ExitCode.UNREACHABLE
