"""Who may call: the stage's choice of API key, IAM signature or bearer token, and what not every client may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct, IConstruct

from infra.acknowledge import acknowledge
from infra.config import ApiKeyAccess, IamAccess, JwtAccess, Stage
from infra.function_role import FunctionRole
from infra.images import authorizer_image
from infra.logs import EncryptedLogs

_NO_COGNITO: Final = {
    ApiKeyAccess: "Callers are programs with a metered key; a stage that has users takes bearer tokens or IAM.",
    IamAccess: "Callers sign with IAM credentials; what each may call is IAM policy.",
    JwtAccess: "The authorizer takes tokens of any OpenID Connect issuer, Cognito's among them.",
}


@dataclass(frozen=True, kw_only=True)
class Check:
    """What a route asks its callers for: ``method`` holds arguments of its method."""

    kind: type[ApiKeyAccess | IamAccess | JwtAccess]
    method: Mapping[str, Any]

    def acknowledge_on(self, method: IConstruct) -> None:
        """Answer what cdk-nag finds on a method that is open to no one without credentials."""
        reason = _NO_COGNITO[self.kind]
        acknowledge(method, "COG4", reason)
        if self.kind is ApiKeyAccess:
            acknowledge(method, "APIG4", reason)


SIGNED: Final = Check(kind=IamAccess, method={"authorization_type": apigateway.AuthorizationType.IAM})
"""For routes that are not every client's, whatever the stage asks for: IAM says who may."""


class Access(Construct):
    """``check`` is what every other route asks for."""

    check: Check

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage, key: kms.IKey, root: Path) -> None:
        super().__init__(scope, construct_id)
        self._access = stage.access
        match stage.access:
            case ApiKeyAccess():
                self.check = Check(kind=ApiKeyAccess, method={"api_key_required": True})
            case IamAccess():
                self.check = SIGNED
            case JwtAccess() as jwt:
                authorizer = self._token_authorizer(jwt, stage, key, root)
                self.check = Check(kind=JwtAccess, method={"authorizer": authorizer})

    def issue_key(self, gateway_stage: apigateway.Stage) -> apigateway.IApiKey | None:
        """The stage's first key, under its plan; None where keys open nothing."""
        if not isinstance(self._access, ApiKeyAccess):
            return None
        throttle, quota = self._access.throttle, self._access.quota
        plan = apigateway.UsagePlan(
            self,
            "Plan",
            api_stages=[apigateway.UsagePlanPerApiStage(api=gateway_stage.rest_api, stage=gateway_stage)],
            throttle=apigateway.ThrottleSettings(rate_limit=throttle.rate, burst_limit=throttle.burst),
            quota=apigateway.QuotaSettings(limit=quota.requests, period=apigateway.Period[quota.period]),
        )
        key = apigateway.ApiKey(self, "Key", description="Serin: first key of this stage")
        plan.add_api_key(key)
        return key

    def _token_authorizer(self, jwt: JwtAccess, stage: Stage, key: kms.IKey, root: Path) -> apigateway.TokenAuthorizer:
        logs = EncryptedLogs(self, "Logs", stage=stage, key=key)
        function = lambda_.DockerImageFunction(
            self,
            "Authorizer",
            description="Serin: checks bearer tokens",
            code=authorizer_image(root, base_image=stage.base_image),
            architecture=lambda_.Architecture.X86_64,
            memory_size=512,
            timeout=cdk.Duration.seconds(15),
            environment={"SERIN_JWT_ISSUER": jwt.issuer, "SERIN_JWT_AUDIENCE": jwt.audience},
            tracing=lambda_.Tracing.ACTIVE,
            role=FunctionRole(self, "Role", log_group=logs),
            log_group=logs,
        )
        live = lambda_.Alias(self, "Live", alias_name="live", version=function.current_version)
        return apigateway.TokenAuthorizer(
            self,
            "Token",
            handler=live,
            results_cache_ttl=cdk.Duration.minutes(5),
            validation_regex="^[Bb]earer [-_.0-9A-Za-z]+$",
        )
