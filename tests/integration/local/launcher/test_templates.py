"""Stacks on the emulator: what its CloudFormation drops or refuses by itself."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol

import pytest

from local.clients import client
from local.emulator import Emulator
from local.launcher.resources import RECORDED

CODE = "def handler(event, context):\n    return {'statusCode': 200, 'body': 'ok'}\n"


class Stack(Protocol):
    def create(self, resources: dict[str, Any]) -> dict[str, str]: ...
    def update(self, resources: dict[str, Any]) -> dict[str, str]: ...


def function(**properties: Any) -> dict[str, Any]:
    base = {"Runtime": "python3.13", "Handler": "index.handler", "Role": "arn:aws:iam::000000000000:role/r"}
    return {"Type": "AWS::Lambda::Function", "Properties": {**base, "Code": {"ZipFile": CODE}, **properties}}


def errors(**properties: Any) -> dict[str, Any]:
    rule = {"ComparisonOperator": "GreaterThanThreshold", "Threshold": 1, "EvaluationPeriods": 1}
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": {**rule, **properties}}


def api(function_arn: str) -> dict[str, Any]:
    """POST / to a function, its body checked, its access logged."""
    rest = {"Ref": "Rest"}
    call = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function_arn}/invocations"
    schema = {"type": "object", "required": ["instances"]}
    method = {
        "RestApiId": rest,
        "ResourceId": {"Fn::GetAtt": ["Rest", "RootResourceId"]},
        "HttpMethod": "POST",
        "AuthorizationType": "NONE",
        "RequestValidatorId": {"Ref": "Validator"},
        "RequestModels": {"application/json": {"Ref": "Model"}},
        "Integration": {"Type": "AWS_PROXY", "IntegrationHttpMethod": "POST", "Uri": call},
    }
    line = '{"status":"$context.status","id":"$context.requestId"}'
    access = {"DestinationArn": {"Fn::GetAtt": ["Access", "Arn"]}, "Format": line}
    model = {"RestApiId": rest, "ContentType": "application/json", "Schema": schema}
    stage = {"RestApiId": rest, "StageName": "v1", "DeploymentId": {"Ref": "Deployment"}, "AccessLogSetting": access}
    words = {"application/json": '{"code":"too_large"}'}
    too_large = {"RestApiId": rest, "ResponseType": "REQUEST_TOO_LARGE", "ResponseTemplates": words}
    return {
        "Rest": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": function_arn.split(":")[6]}},
        "Access": {"Type": "AWS::Logs::LogGroup", "Properties": {}},
        "Validator": {
            "Type": "AWS::ApiGateway::RequestValidator",
            "Properties": {"RestApiId": rest, "Name": "body", "ValidateRequestBody": True},
        },
        "Model": {"Type": "AWS::ApiGateway::Model", "Properties": model},
        "Post": {"Type": "AWS::ApiGateway::Method", "Properties": method},
        "Deployment": {
            "Type": "AWS::ApiGateway::Deployment",
            "Properties": {"RestApiId": rest},
            "DependsOn": ["Post", "TooLarge"],
        },
        "Stage": {"Type": "AWS::ApiGateway::Stage", "Properties": stage},
        "TooLarge": {"Type": "AWS::ApiGateway::GatewayResponse", "Properties": too_large},
    }


def post(url: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - the emulator
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - the emulator
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


def test_a_gateway_validates_bodies_logs_access_and_shares_calls_by_the_alias(
    emulator: Emulator, stack: Stack, new_function: Callable[[], str]
) -> None:
    name = new_function()
    arn = f"arn:aws:lambda:us-east-1:{emulator.settings.account}:function:{name}:live"
    functions = client(emulator, "lambda")
    functions.update_alias(FunctionName=name, Name="live", RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}})
    made = stack.create(api(arn))
    url = emulator.api_url(made["Rest"], "v1") + "/"
    assert post(url, b'{"other": 1}')[0] == 400
    answers = [post(url, b'{"instances": []}') for _ in range(40)]
    assert {answer[0] for answer in answers} == {200}
    ran = Counter(answer[1]["X-Version"] for answer in answers)
    assert set(ran) == {"1", "2"}
    of_version = {"FunctionName": name, "Resource": f"{name}:live", "ExecutedVersion": "2"}
    assert counted(emulator, "AWS/Lambda", "Invocations", of_version) == ran["2"]
    assert counted(emulator, "AWS/ApiGateway", "4XXError", {"ApiName": name, "Stage": "v1"}) == 1
    events = client(emulator, "logs").filter_log_events(logGroupName=made["Access"])["events"]
    lines = [json.loads(event["message"]) for event in events]
    assert Counter(line["status"] for line in lines) == {"400": 1, "200": 40}
    assert {line["id"] for line in lines if line["status"] == "200"} == {answer[1]["X-Request"] for answer in answers}


def test_a_gateway_refuses_a_large_request_in_the_apis_own_words(
    emulator: Emulator, stack: Stack, new_function: Callable[[], str]
) -> None:
    arn = f"arn:aws:lambda:us-east-1:{emulator.settings.account}:function:{new_function()}:live"
    made = stack.create(api(arn))
    body = json.dumps({"instances": "x" * 6_300_000}).encode()
    status, _, answer = post(emulator.api_url(made["Rest"], "v1") + "/", body)
    assert (status, json.loads(answer)) == (413, {"code": "too_large"})


def counted(emulator: Emulator, namespace: str, metric: str, dimensions: dict[str, str]) -> float:
    query = {
        "Id": "m",
        "MetricStat": {
            "Metric": {
                "Namespace": namespace,
                "MetricName": metric,
                "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
            },
            "Period": 86400 * 2,
            "Stat": "Sum",
        },
    }
    watch = client(emulator, "cloudwatch")
    found = watch.get_metric_data(MetricDataQueries=[query], StartTime="2020-01-01", EndTime="2100-01-01")
    return float(sum(found["MetricDataResults"][0]["Values"]))


def test_reserved_concurrency_of_a_template_is_kept_and_follows_it(emulator: Emulator, stack: Stack) -> None:
    functions = client(emulator, "lambda")
    name = stack.create({"Fn": function(ReservedConcurrentExecutions=7)})["Fn"]
    assert functions.get_function(FunctionName=name)["Concurrency"] == {"ReservedConcurrentExecutions": 7}
    stack.update({"Fn": function(ReservedConcurrentExecutions=3)})
    assert functions.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"] == 3
    stack.update({"Fn": function()})
    assert "ReservedConcurrentExecutions" not in functions.get_function_concurrency(FunctionName=name)


def test_a_version_that_leaves_the_template_stays_while_an_alias_runs_it(emulator: Emulator, stack: Stack) -> None:
    reference = {"Ref": "Fn"}
    version = {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": reference}}
    live = {"FunctionName": reference, "FunctionVersion": "1", "Name": "live"}
    alias = {"Type": "AWS::Lambda::Alias", "Properties": live, "DependsOn": ["First"]}
    name = stack.create({"Fn": function(), "First": version, "Live": alias})["Fn"]
    alias = {**alias, "DependsOn": ["Second"]}
    stack.update({"Fn": function(Description="another"), "Second": version, "Live": alias})
    functions = client(emulator, "lambda")
    versions = functions.list_versions_by_function(FunctionName=name)["Versions"]
    assert [each["Version"] for each in versions] == ["$LATEST", "1", "2"]
    assert functions.invoke(FunctionName=name, Qualifier="live")["ExecutedVersion"] == "1"


def test_composite_alarms_follow_their_children(emulator: Emulator, stack: Stack) -> None:
    child = errors(Namespace="Composite", MetricName="errors", AlarmName="composite-child")
    rule = {"AlarmName": "composite-any", "AlarmRule": "ALARM(composite-child)"}
    parent = {"Type": "AWS::CloudWatch::CompositeAlarm", "Properties": rule, "DependsOn": ["Child"]}
    stack.create({"Child": child, "Any": parent})
    watch = client(emulator, "cloudwatch")
    watch.set_alarm_state(AlarmName="composite-child", StateValue="ALARM", StateReason="tried")
    found = watch.describe_alarms(AlarmNames=["composite-any"], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert [each["StateValue"] for each in found] == ["ALARM"]


def test_an_alarm_on_an_expression_is_recorded_as_it_was_asked_for(emulator: Emulator, stack: Stack) -> None:
    metric = {"Namespace": "AWS/Lambda", "MetricName": "Errors"}
    metrics = [
        {"Id": "rate", "Expression": "100 * errors", "ReturnData": True},
        {"Id": "errors", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}, "ReturnData": False},
    ]
    stack.create({"Rate": errors(AlarmName="expression", Metrics=metrics)})
    found = client(emulator, "cloudwatch").describe_alarms(AlarmNames=["expression"])["MetricAlarms"][0]
    assert [each["Id"] for each in found["Metrics"]] == ["rate", "errors"]
    assert "MetricName" not in found


@pytest.mark.parametrize("resource_type", RECORDED)
def test_a_type_without_an_emulation_does_not_refuse_the_stack(stack: Stack, resource_type: str) -> None:
    made = stack.create({"Recorded": {"Type": resource_type, "Properties": {"Name": "n"}}})
    assert made["Recorded"]


def test_an_image_that_was_never_pushed_is_not_found(emulator: Emulator) -> None:
    registry = client(emulator, "ecr")
    registry.create_repository(repositoryName="images")
    with pytest.raises(registry.exceptions.ImageNotFoundException):
        registry.describe_images(repositoryName="images", imageIds=[{"imageTag": "absent"}])
    registry.put_image(repositoryName="images", imageTag="present", imageManifest="{}")
    found = registry.describe_images(repositoryName="images", imageIds=[{"imageTag": "present"}])
    assert [each["imageTags"] for each in found["imageDetails"]] == [["present"]]
