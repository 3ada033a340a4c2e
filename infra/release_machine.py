"""The state machine that carries a release out: look, wait, look again, until it has ended."""

from __future__ import annotations

from typing import Final, cast

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as event_targets
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from infra.acknowledge import acknowledge
from infra.config import Stage
from infra.logs import EncryptedLogs

_RETRIES: Final = 6


def machine_name(scope: Construct) -> str:
    """At most 80 characters, as Step Functions demands."""
    return f"{cdk.Stack.of(scope).stack_name}-Release"[:80]


def machine_arn(scope: Construct) -> str:
    """Known before the machine is made, whose function must know it."""
    return cdk.Stack.of(scope).format_arn(
        service="states",
        resource="stateMachine",
        resource_name=machine_name(scope),
        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
    )


class ReleaseMachine(Construct):
    """A look that fails is tried again for minutes; then the stable version gets all of the traffic.

    So it does where an execution ends otherwise than by itself, as when it is stopped by hand: nobody would look on.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        function: lambda_.IFunction,
        key: kms.IKey,
    ) -> None:
        super().__init__(scope, construct_id)
        machine = sfn.StateMachine(
            self,
            "Resource",
            state_machine_name=machine_name(self),
            state_machine_type=sfn.StateMachineType.STANDARD,
            definition_body=sfn.DefinitionBody.from_chainable(_definition(self, function)),
            tracing_enabled=True,
            logs=sfn.LogOptions(
                destination=EncryptedLogs(self, "Logs", stage=stage, key=key),
                level=sfn.LogLevel.ALL,
                include_execution_data=False,
            ),
        )
        _restore_when_stopped(self, machine, function)
        role = machine.role
        acknowledge(role, "IAM5[Resource::*]", "The delivery of logs and traces knows no narrower resource than all.")
        function_id = cdk.Stack.of(self).get_logical_id(cast("cdk.CfnElement", function.node.default_child))
        acknowledge(role, f"IAM5[Resource::<{function_id}.Arn>:*]", "The versions of the model's own release function.")


def _restore_when_stopped(scope: Construct, machine: sfn.IStateMachine, function: lambda_.IFunction) -> None:
    restore = {"command": "restore", "execution": events.EventField.from_path("$.detail.name")}
    events.Rule(
        scope,
        "Stopped",
        description="Serin: a release whose execution was stopped or has failed goes back",
        event_pattern=events.EventPattern(
            source=["aws.states"],
            detail_type=["Step Functions Execution Status Change"],
            detail={"stateMachineArn": [machine.state_machine_arn], "status": ["ABORTED", "FAILED", "TIMED_OUT"]},
        ),
        targets=[event_targets.LambdaFunction(function, event=events.RuleTargetInput.from_object(restore))],
    )


def _definition(scope: Construct, function: lambda_.IFunction) -> sfn.IChainable:
    look = _task(
        scope,
        "Look",
        function,
        {
            "command": "look",
            "number.$": "$.number",
            "looks.$": "$.looks",
            "leg.$": "$.leg",
        },
    )
    restore = _task(scope, "Restore", function, {"command": "restore", "number.$": "$.number"})
    given_up = sfn.Fail(scope, "GivenUp", error="ControllerFailed", cause="The stable version has all of the traffic.")
    ended = sfn.Succeed(scope, "Ended")
    bake = sfn.Wait(scope, "Bake", time=sfn.WaitTime.seconds_path("$.seconds"))
    look.add_catch(restore, result_path="$.error")
    restore.next(given_up)
    is_done = sfn.Condition.boolean_equals("$.done", True)
    return look.next(sfn.Choice(scope, "HasEnded").when(is_done, ended).otherwise(bake.next(look)))


def _task(scope: Construct, name: str, function: lambda_.IFunction, payload: dict[str, str]) -> tasks.LambdaInvoke:
    task = tasks.LambdaInvoke(
        scope,
        name,
        lambda_function=function,
        payload=sfn.TaskInput.from_object(payload),
        payload_response_only=True,
        retry_on_service_exceptions=False,
    )
    task.add_retry(errors=[sfn.Errors.ALL], interval=cdk.Duration.seconds(2), backoff_rate=2, max_attempts=_RETRIES)
    return task
