"""Which path leads to which function.

Greedy below a model: the runtime knows its own routes and answers 404 and 405. Few resources a model also keep a
stack (500 resources) and an API (300 paths) wide enough for fifty models.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from infra.access import SIGNED, Check
from infra.config import ConfigurationError, Cors
from infra.cors import preflight

# What CloudFormation lets a stack hold; what a model takes of it, without and with preflights; what all else takes at
# most, with every choice that a stage has.
_STACK: Final = 500
_A_MODEL: Final = 8
_A_MODEL_WITH_CORS: Final = 11
_ALL_ELSE: Final = 64

_ANY: Final = "ANY"
_REST: Final = "{proxy+}"


def most_models(cors: Cors | None) -> int:
    """How many models one API takes."""
    return (_STACK - _ALL_ELSE) // (_A_MODEL if cors is None else _A_MODEL_WITH_CORS)


class Routes:
    """Adds routes to an API. ``check``: what the stage's clients show, on all of them but those of releases."""

    def __init__(self, api: apigateway.RestApi, *, stage_name: str, check: Check, cors: Cors | None) -> None:
        self._api = api
        self._source = api.arn_for_execute_api(stage=stage_name)
        self._check = check
        self._preflight = preflight(cors)
        self._most = most_models(cors)

    def add(self, *, models: Mapping[str, lambda_.IAlias], catalog: lambda_.IAlias) -> None:
        """Every path: a model's own to its alias, the others, and so unknown ones, to the catalogue.

        Raises:
            ConfigurationError: the models do not fit into one stack.
        """
        if len(models) > self._most:
            raise ConfigurationError(
                f"models: {len(models)} do not fit into one API, which takes {self._most} of them as a stack holds "
                f"{_STACK} resources; move some to a second project with a stage name of its own"
            )
        root = self._api.root
        to_catalog = self._integration("InvokeCatalog", catalog)
        named, v2 = root.add_resource("models"), root.add_resource("v2")
        v2_named = v2.add_resource("models")
        for resource in (root, named, v2, v2_named):
            self._route(resource, to_catalog)
            self._route(resource.add_resource(_REST), to_catalog)
        # Any verb: one that these had not would go to the root's greedy route, which asks for less.
        releases = root.add_resource("releases")
        self._route(releases, to_catalog, SIGNED)
        self._route(releases.add_resource(_REST), to_catalog, SIGNED)
        for name, alias in models.items():
            to_model = self._integration(f"Invoke-{name}", alias)
            own = v2_named.add_resource(name)
            self._route(own, to_model)
            self._route(own.add_resource(_REST), to_model)
            self._route(named.add_resource(name).add_resource(_REST), to_model)

    def _route(
        self, resource: apigateway.IResource, integration: apigateway.Integration, check: Check | None = None
    ) -> None:
        check = check or self._check
        check.acknowledge_on(resource.add_method(_ANY, integration, **check.method))
        if self._preflight is not None:
            # The answer's template is text, which API Gateway else takes for binary, as it does every body here.
            method = cast("apigateway.CfnMethod", resource.add_cors_preflight(**self._preflight).node.default_child)
            method.add_property_override("Integration.ContentHandling", "CONVERT_TO_TEXT")

    def _integration(self, permission: str, alias: lambda_.IAlias) -> apigateway.Integration:
        """Calls ``alias``, by one permission for all its routes instead of one a route."""
        alias.add_permission(
            permission,
            principal=iam.ServicePrincipal("apigateway.amazonaws.com"),
            source_arn=self._source,
            scope=self._api,
        )
        return apigateway.AwsIntegration(
            service="lambda",
            proxy=True,
            path=f"2015-03-31/functions/{alias.function_arn}/invocations",
        )
