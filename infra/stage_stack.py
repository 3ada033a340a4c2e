"""What every stack of a stage has: where it goes, its tags and its protection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import aws_cdk as cdk
from constructs import Construct

from infra.config import Stage

_NO_TAGS: Final[Mapping[str, str]] = {}


class StageStack(cdk.Stack):
    """A stack named ``Serin-{stage}-{name}``, tagged for the bill."""

    def __init__(
        self, scope: Construct, name: str, *, stage: Stage, description: str, tags: Mapping[str, str] = _NO_TAGS
    ) -> None:
        super().__init__(
            scope,
            f"Serin-{stage.name}-{name}",
            description=description,
            env=cdk.Environment(account=stage.account, region=stage.region),
            termination_protection=stage.termination_protection,
            tags={"serin:stage": stage.name, **tags},
        )

    def output(self, name: str, value: str, description: str) -> None:
        """A stack output that people and the command line read by ``name``."""
        cdk.CfnOutput(self, name, value=value, description=description)
