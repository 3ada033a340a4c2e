"""The HTTPS API: routes, access, limits, logs, and its own answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.infra.synthesis import StackTemplate, Synthesis

METHOD = "AWS::ApiGateway::Method"
RESOURCE = "AWS::ApiGateway::Resource"


def _routes(stack: StackTemplate) -> dict[tuple[str, str], dict[str, Any]]:
    """Properties of every method, by verb and full path."""
    parts = {
        name: (found["Properties"]["ParentId"].get("Ref"), found["Properties"]["PathPart"])
        for name, found in stack.of_type(RESOURCE).items()
    }

    def path(resource: str | None) -> str:
        if resource is None:
            return ""
        parent, part = parts[resource]
        return f"{path(parent)}/{part}"

    methods = [found["Properties"] for found in stack.of_type(METHOD).values()]
    return {(method["HttpMethod"], path(method["ResourceId"].get("Ref")) or "/"): method for method in methods}


def test_every_path_leads_to_a_model_or_to_the_catalogue(dev: Synthesis) -> None:
    to_model = {
        ("ANY", path.format(name))
        for name in ("plain", "snap", "warm")
        for path in ("/models/{}/{{proxy+}}", "/v2/models/{}", "/v2/models/{}/{{proxy+}}")
    }
    to_catalog = {
        ("ANY", f"{path}{rest}") for path in ("/models", "/v2", "/v2/models", "/releases") for rest in ("", "/{proxy+}")
    } | {("ANY", "/"), ("ANY", "/{proxy+}")}
    routes = _routes(dev["Api"])
    assert routes.keys() == to_model | to_catalog
    for key, method in routes.items():
        uri = json.dumps(method["Integration"]["Uri"])
        stack = f"Model-{key[1].split('models/')[1].split('/')[0]}" if key in to_model else "Catalog"
        assert f"Serin-dev-{stack}:" in uri, key


def _for_every_client(stack: StackTemplate) -> dict[tuple[str, str], dict[str, Any]]:
    """The routes that ask for what the stage's clients show."""
    return {key: method for key, method in _routes(stack).items() if not key[1].startswith("/releases")}


def test_every_route_asks_for_a_key(dev: Synthesis) -> None:
    assert {method["ApiKeyRequired"] for method in _for_every_client(dev["Api"]).values()} == {True}


def test_releases_are_shown_to_signed_requests_alone_whatever_the_stage_asks_for(
    every_stage: tuple[Synthesis, ...],
) -> None:
    for stacks in every_stage:
        routes = _routes(stacks["Api"])
        # A verb that is missing here would go to the greedy route of the root.
        for key in (("ANY", "/releases"), ("ANY", "/releases/{proxy+}")):
            method = routes[key]
            assert (method["AuthorizationType"], method.get("ApiKeyRequired"), method.get("AuthorizerId")) == (
                "AWS_IAM",
                None,
                None,
            ), stacks["Api"].name
        assert {verb for verb, path in routes if path.startswith("/releases")} <= {"ANY", "OPTIONS"}


def test_a_key_is_issued_under_a_plan_with_throttle_and_quota(dev: Synthesis) -> None:
    plan = dev["Api"].properties("AWS::ApiGateway::UsagePlan")
    assert plan["Throttle"] == {"RateLimit": 20, "BurstLimit": 40}
    assert plan["Quota"] == {"Limit": 100_000, "Period": "DAY"}
    (key,) = dev["Api"].of_type("AWS::ApiGateway::ApiKey")
    assert dev["Api"].properties("AWS::ApiGateway::UsagePlanKey")["KeyId"] == {"Ref": key}
    assert dev["Api"].body["Outputs"]["ApiKeyId"]["Value"] == {"Ref": key}


def test_iam_access_signs_every_route_and_issues_no_key(signed: Synthesis) -> None:
    assert {method["AuthorizationType"] for method in _routes(signed["Api"]).values()} == {"AWS_IAM"}
    assert not signed["Api"].of_type("AWS::ApiGateway::ApiKey")
    assert "ApiKeyId" not in signed["Api"].body["Outputs"]


def test_bearer_tokens_are_checked_on_every_route(tokens: Synthesis) -> None:
    (authorizer,) = tokens["Api"].of_type("AWS::ApiGateway::Authorizer")
    for (verb, path), method in _for_every_client(tokens["Api"]).items():
        if verb != "OPTIONS":
            assert (method["AuthorizationType"], method["AuthorizerId"]) == ("CUSTOM", {"Ref": authorizer}), path


def test_the_authorizer_knows_issuer_and_audience_and_is_called_through_its_alias(tokens: Synthesis) -> None:
    function = tokens["Api"].properties("AWS::Lambda::Function")
    assert function["Environment"]["Variables"] == {
        "SERIN_JWT_ISSUER": "https://issuer.example.org/pool",
        "SERIN_JWT_AUDIENCE": "callers",
    }
    authorizer = tokens["Api"].properties("AWS::ApiGateway::Authorizer")
    (alias,) = tokens["Api"].of_type("AWS::Lambda::Alias")
    assert {"Ref": alias} in authorizer["AuthorizerUri"]["Fn::Join"][1]


def test_the_stage_limits_traces_and_logs_without_bodies(dev: Synthesis) -> None:
    stage = dev["Api"].properties("AWS::ApiGateway::Stage")
    (everything,) = stage["MethodSettings"]
    assert (everything["ThrottlingRateLimit"], everything["ThrottlingBurstLimit"]) == (50, 100)
    assert (everything["LoggingLevel"], everything["DataTraceEnabled"]) == ("ERROR", False)
    assert stage["TracingEnabled"] is True
    assert stage["StageName"] == "dev"


def test_the_access_log_holds_no_caller_and_no_value(dev: Synthesis) -> None:
    form = json.loads(dev["Api"].properties("AWS::ApiGateway::Stage")["AccessLogSetting"]["Format"])
    assert {"request_id", "status", "latency_ms", "resource"} <= form.keys()
    told = " ".join(form.values())
    for secret in (
        "sourceIp",
        "userAgent",
        "apiKey}",
        "$context.identity.apiKey ",
        "authorizer",
        "user",
        "$context.path",
    ):
        assert secret not in f"{told} ", secret


def test_failures_of_the_gateway_are_logged_with_an_end_and_a_key(dev: Synthesis) -> None:
    groups = dev["Api"].of_type("AWS::Logs::LogGroup").values()
    (execution,) = (group["Properties"] for group in groups if "LogGroupName" in group["Properties"])
    (api,) = dev["Api"].of_type("AWS::ApiGateway::RestApi")
    name = execution["LogGroupName"]["Fn::Join"][1]
    assert name == ["API-Gateway-Execution-Logs_", {"Ref": api}, "/dev"]


def test_every_body_passes_as_it_was_sent(dev: Synthesis) -> None:
    assert dev["Api"].properties("AWS::ApiGateway::RestApi")["BinaryMediaTypes"] == ["*/*"]


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("DEFAULT_4XX", "bad_request"),
        ("DEFAULT_5XX", "internal_error"),
        ("INVALID_API_KEY", "forbidden"),
        ("REQUEST_TOO_LARGE", "payload_too_large"),
        ("THROTTLED", "throttled"),
        ("QUOTA_EXCEEDED", "quota_exceeded"),
        ("INTEGRATION_TIMEOUT", "deadline_exceeded"),
        ("WAF_FILTERED", "forbidden"),
    ],
)
def test_the_gateways_own_answers_have_the_shape_of_all_errors(dev: Synthesis, kind: str, code: str) -> None:
    response = dev["Api"].properties("AWS::ApiGateway::GatewayResponse", ResponseType=kind)
    body = json.loads(response["ResponseTemplates"]["application/json"])
    assert body.keys() == {"error", "code", "request_id"}
    assert (body["code"], body["request_id"]) == (code, "$context.requestId")
    assert response["ResponseParameters"]["gatewayresponse.header.X-Request-Id"] == "context.requestId"


def test_a_web_page_may_call_where_the_stage_says_so(tokens: Synthesis, dev: Synthesis) -> None:
    routes = _routes(tokens["Api"])
    asked = {path for verb, path in routes if verb == "OPTIONS"}
    assert asked == {path for verb, path in routes if verb == "ANY"}
    answer = routes["OPTIONS", "/models/plain/{proxy+}"]["Integration"]["IntegrationResponses"][0]
    headers = answer["ResponseParameters"]
    assert headers["method.response.header.Access-Control-Allow-Origin"] == "'https://app.example.org'"
    assert "X-Api-Key" in headers["method.response.header.Access-Control-Allow-Headers"]
    assert not [path for verb, path in _routes(dev["Api"]) if verb == "OPTIONS"]


def test_a_preflight_asks_for_no_credentials(tokens: Synthesis) -> None:
    for (verb, path), method in _routes(tokens["Api"]).items():
        if verb == "OPTIONS":
            assert (method["AuthorizationType"], method["ApiKeyRequired"]) == ("NONE", False), path


def test_a_page_may_read_the_gateways_own_answers(tokens: Synthesis, dev: Synthesis) -> None:
    header = "gatewayresponse.header.Access-Control-Allow-Origin"
    found = tokens["Api"].of_type("AWS::ApiGateway::GatewayResponse").values()
    assert {answer["Properties"]["ResponseParameters"][header] for answer in found} == {"'https://app.example.org'"}
    assert header not in str(dev["Api"].body)


@pytest.mark.parametrize("stack", ["Model-plain", "Catalog"])
def test_functions_know_the_page_that_may_read_their_answers(tokens: Synthesis, stack: str) -> None:
    function = tokens[stack].properties("AWS::Lambda::Function", PackageType="Image")
    assert function["Environment"]["Variables"]["SERIN_CORS_ORIGIN"] == "https://app.example.org"


def test_a_domain_takes_over_from_the_generated_address(tokens: Synthesis) -> None:
    stack = tokens["Api"]
    assert stack.properties("AWS::ApiGateway::RestApi")["DisableExecuteApiEndpoint"] is True
    name = stack.properties("AWS::ApiGateway::DomainName")
    assert (name["DomainName"], name["SecurityPolicy"]) == ("api.example.org", "TLS_1_2")
    assert stack.properties("AWS::Route53::RecordSet")["HostedZoneId"] == "Z0123456789"
    assert stack.body["Outputs"]["ApiUrl"]["Value"] == "https://api.example.org/"


def test_the_address_is_an_output(dev: Synthesis) -> None:
    parts = dev["Api"].body["Outputs"]["ApiUrl"]["Value"]["Fn::Join"][1]
    assert parts[0] == "https://"
    assert parts[-1] == "/"
