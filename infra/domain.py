"""A name of one's own for the API."""

from __future__ import annotations

from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as targets
from constructs import Construct

from infra.config import Domain


class ApiDomain(Construct):
    """The domain, mapped to the API's stage, and its record where the zone is known."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        domain: Domain,
        api: apigateway.RestApi,
        gateway_stage: apigateway.Stage,
    ) -> None:
        super().__init__(scope, construct_id)
        name = apigateway.DomainName(
            self,
            "Name",
            domain_name=domain.name,
            certificate=acm.Certificate.from_certificate_arn(self, "Certificate", domain.certificate_arn),
            endpoint_type=apigateway.EndpointType.REGIONAL,
            security_policy=apigateway.SecurityPolicy.TLS_1_2,
        )
        name.add_base_path_mapping(api, stage=gateway_stage)
        self.target = name.domain_name_alias_domain_name
        if domain.hosted_zone_id is not None and domain.hosted_zone_name is not None:
            zone = route53.HostedZone.from_hosted_zone_attributes(
                self, "Zone", hosted_zone_id=domain.hosted_zone_id, zone_name=domain.hosted_zone_name
            )
            target = route53.RecordTarget.from_alias(targets.ApiGatewayDomain(name))
            route53.ARecord(self, "Record", zone=zone, record_name=domain.name, target=target)
