"""The alias that callers call, changed only as it was read."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from serin.release.controller import Conflict
from serin.release.record import Traffic


class LiveAlias:
    """``client`` is boto3's for Lambda."""

    def __init__(self, client: Any, function: str, alias: str) -> None:
        self._client = client
        self._name = {"FunctionName": function, "Name": alias}
        self._revision = ""

    def read(self) -> Traffic:
        found = self._client.get_alias(**self._name)
        self._revision = found["RevisionId"]
        weights = (found.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
        # Lambda takes one further version at most.
        for version, weight in weights.items():
            if weight > 0:
                return Traffic(version=found["FunctionVersion"], canary=version, percent=round(weight * 100, 4))
        return Traffic(version=found["FunctionVersion"])

    def move(self, target: Traffic) -> None:
        weights = {} if target.canary is None else {target.canary: round(target.percent / 100, 6)}
        try:
            self._client.update_alias(
                **self._name,
                FunctionVersion=target.version,
                RoutingConfig={"AdditionalVersionWeights": weights},
                RevisionId=self._revision,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in {"PreconditionFailedException", "ResourceConflictException"}:
                raise
            raise Conflict("the alias is not what it was") from None
