"""The HTTPS API before all models. Nothing in it depends on a model's version: it knows aliases only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.access import Access
from infra.acknowledge import acknowledge
from infra.alarms import ApiAlarms
from infra.config import Stage
from infra.dashboard import OverviewDashboard
from infra.domain import ApiDomain
from infra.firewall import WebAcl
from infra.gateway import Gateway
from infra.gateway_responses import add_gateway_responses
from infra.platform_stack import PlatformStack
from infra.routes import Routes
from infra.stage_stack import StageStack


class ApiStack(StageStack):
    """Deployed last, removed first."""

    def __init__(
        self,
        scope: Construct,
        *,
        stage: Stage,
        models: Mapping[str, lambda_.IAlias],
        catalog: lambda_.IAlias,
        platform: PlatformStack,
        root: Path,
    ) -> None:
        super().__init__(scope, "Api", stage=stage, description="Serin: the HTTPS API of all models")
        gateway = Gateway(self, "Gateway", stage=stage, key=platform.key)
        access = Access(self, "Access", stage=stage, key=platform.key, root=root)
        routes = Routes(gateway, stage_name=stage.name, check=access.check, cors=stage.cors)
        routes.add(models=models, catalog=catalog)
        add_gateway_responses(gateway, stage.cors)
        self._guard(stage, gateway)
        alarms = ApiAlarms(
            self,
            "Alarms",
            gateway_stage=gateway.deployment_stage,
            alarming=stage.alarms,
            topic=platform.alarm_topic,
        )
        overview = OverviewDashboard(self, "Overview", gateway_stage=gateway.deployment_stage, alarms=alarms.all)
        self._announce(stage, gateway, access, overview)

    def _guard(self, stage: Stage, gateway: Gateway) -> None:
        if stage.firewall is not None:
            WebAcl(self, "Firewall", firewall=stage.firewall, gateway_stage=gateway.deployment_stage)
        else:
            reason = "This stage goes without a firewall by choice: a web ACL has a monthly price."
            acknowledge(gateway.deployment_stage, "APIG3", reason)

    def _announce(self, stage: Stage, gateway: Gateway, access: Access, overview: OverviewDashboard) -> None:
        """What people and the command line read."""
        if stage.domain is None:
            self.output("ApiUrl", gateway.url, "Address of the API")
        else:
            domain = ApiDomain(self, "Domain", domain=stage.domain, api=gateway, gateway_stage=gateway.deployment_stage)
            self.output("ApiUrl", f"https://{stage.domain.name}/", "Address of the API")
            self.output("DomainTarget", domain.target, "Where the domain's DNS record points")
        if (key := access.issue_key(gateway.deployment_stage)) is not None:
            self.output("ApiKeyId", key.key_id, "`aws apigateway get-api-key --include-value` shows the key itself")
        self.output("DashboardUrl", overview.url, "All models side by side")
