"""One image function behind its alias, and one REST API with a key and a plan before it: two stacks."""

from __future__ import annotations

import os

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as functions

app = cdk.App()
env = cdk.Environment(account=os.environ["CDK_DEFAULT_ACCOUNT"], region=os.environ["CDK_DEFAULT_REGION"])

model = cdk.Stack(app, "Trial", env=env)
function = functions.DockerImageFunction(
    model,
    "Function",
    code=functions.DockerImageCode.from_image_asset("function"),
    timeout=cdk.Duration.seconds(20),
    environment={"RELEASE": os.environ.get("RELEASE", "1")},
    # Without RETAIN a deploy removes the version that the alias still runs.
    current_version_options=functions.VersionOptions(removal_policy=cdk.RemovalPolicy.RETAIN),
)
published = function.current_version
first = functions.Version.from_version_attributes(model, "First", lambda_=function, version="1")
alias = functions.Alias(model, "Live", alias_name="live", version=first)
alias.node.add_dependency(published)
cdk.CfnOutput(model, "FunctionName", value=function.function_name)

edge = cdk.Stack(app, "Edge", env=env)
api = apigateway.RestApi(edge, "Api", binary_media_types=["application/octet-stream"])
target = functions.Function.from_function_attributes(
    edge, "Target", function_arn=alias.function_arn, same_environment=True
)
api.root.add_proxy(any_method=False).add_method("ANY", apigateway.LambdaIntegration(target), api_key_required=True)
key = api.add_api_key("Key")
plan = api.add_usage_plan("Plan", throttle=apigateway.ThrottleSettings(rate_limit=100, burst_limit=100))
plan.add_api_key(key)
plan.add_api_stage(stage=api.deployment_stage)

app.synth()
