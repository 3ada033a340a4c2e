"""Warm instances of an alias: by the clock where the manifest has a schedule, else by how busy they are.

The release gives the alias its first ones (an alias in the template has no such property, see docs/decisions);
Application Auto Scaling changes their number from then on.
"""

from __future__ import annotations

from typing import Final

from aws_cdk import aws_applicationautoscaling as autoscaling
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from serin.manifest import ProvisionedConcurrency

_BUSY: Final = 0.7


class WarmInstances(Construct):
    """Provisioned concurrency between ``min`` and ``max``."""

    def __init__(
        self, scope: Construct, construct_id: str, *, alias: lambda_.Alias, wanted: ProvisionedConcurrency
    ) -> None:
        super().__init__(scope, construct_id)
        scaling = alias.add_auto_scaling(min_capacity=wanted.min, max_capacity=wanted.max)
        if wanted.schedule is None or wanted.until is None:
            scaling.scale_on_utilization(utilization_target=_BUSY)
            return
        for name, cron, instances in (("Up", wanted.schedule, wanted.max), ("Down", wanted.until, wanted.min)):
            scaling.scale_on_schedule(
                name,
                schedule=autoscaling.Schedule.expression(cron),
                min_capacity=instances,
                max_capacity=instances,
            )
