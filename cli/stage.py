"""A deployed stage: its API's address out of the stack's outputs, and what opens it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, cast

from cli.credentials import Credentials, Signature, given
from cli.endpoint import Endpoint
from cli.outcome import CommandError, ExitCode

if TYPE_CHECKING:
    import boto3
    from botocore.credentials import Credentials as AwsCredentials
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

API_URL: Final = "ApiUrl"
API_KEY_ID: Final = "ApiKeyId"
_STAGE: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
REST_API: Final = re.compile(r"https://([a-z0-9]+)\.execute-api\.[^/]+/([^/]+)/?")


def stack_name(stage: str) -> str:
    """The stack whose outputs tell where the API of ``stage`` is."""
    return f"Serin-{stage}-Api"


def model_stack_name(stage: str, model: str) -> str:
    """The stack of one model of ``stage``."""
    return f"Serin-{stage}-Model-{model}"


def check_stage(stage: str) -> None:
    """Raises CommandError where no stage can be called so."""
    if not _STAGE.fullmatch(stage):
        raise CommandError(ExitCode.USAGE, "--stage: expected the name of a stage, like dev or prod")


def stage_endpoint(stage: str, api_key: str | None, token: str | None) -> Endpoint:
    """Where ``stage`` answers, with the given key or token, else its first key, else the caller's signature.

    Raises:
        CommandError: no credentials, no such stage, or a permission that is missing.
    """
    check_stage(stage)
    from cli.aws import open_session

    session = open_session()
    stack = find_stack(session, stack_name(stage), f"stage {stage!r} is not deployed here", stage)
    outputs = outputs_of(stack, API_URL)
    if api_key is not None or token is not None:
        credentials = given(api_key, token)
    elif API_KEY_ID in outputs:
        credentials = given(_key(session, outputs[API_KEY_ID]), None)
    else:
        credentials = _signature(session)
    return Endpoint.at(api_url(outputs[API_URL], os.environ.get("AWS_ENDPOINT_URL")), credentials)


def api_url(announced: str, aws: str | None) -> str:
    """Where a REST API answers: as AWS announces it, or below ``aws`` where another plays AWS's part."""
    found = REST_API.fullmatch(announced)
    if aws is None or found is None:
        return announced
    return f"{aws.rstrip('/')}/_aws/execute-api/{found[1]}/{found[2]}"


def find_stack(session: boto3.Session, name: str, missing: str, stage: str) -> StackTypeDef:
    """The stack called ``name``. ``missing``: what it means where there is none.

    Raises:
        CommandError: there is none, or the permission to look is missing.
    """
    from botocore.exceptions import ClientError

    from cli.aws import BRIEF, asking_aws

    with asking_aws("cloudformation:DescribeStacks"):
        try:
            [stack] = session.client("cloudformation", config=BRIEF).describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if "does not exist" not in str(error):
                raise
            message = f"{missing}: region {session.region_name} has no stack {name}"
            raise CommandError(ExitCode.AWS_REFUSED, f"{message}; `make deploy STAGE={stage}` makes it") from None
    return stack


def outputs_of(stack: StackTypeDef, needed: str) -> Mapping[str, str]:
    """The outputs of ``stack``, ``needed`` among them.

    Raises:
        CommandError: it has no such output, as its deploy has not come so far.
    """
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
    if needed not in outputs:
        message = f"stack {stack['StackName']} has no output {needed} yet ({stack['StackStatus']})"
        raise CommandError(ExitCode.AWS_REFUSED, f"{message}; wait for its deploy, or run it again")
    return outputs


def _key(session: boto3.Session, key_id: str) -> str:
    from cli.aws import BRIEF, asking_aws

    with asking_aws("apigateway:GET on the stage's key (or give one with --api-key)"):
        found = session.client("apigateway", config=BRIEF).get_api_key(apiKey=key_id, includeValue=True)
    return found["value"]


def _signature(session: boto3.Session) -> Credentials:
    """The caller's own: a stage without keys asks for one, or for a token that was not given."""
    credentials = cast("AwsCredentials", session.get_credentials())
    return Signature(credentials, session.region_name)
