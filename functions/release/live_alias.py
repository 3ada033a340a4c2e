"""The alias that callers call, changed only as it was read."""

from __future__ import annotations

from typing import Any, Final

from botocore.exceptions import ClientError

from serin.release.controller import Conflict, Immovable
from serin.release.record import Traffic

_CONFLICTS: Final = frozenset({"PreconditionFailedException", "ResourceConflictException"})
_REFUSALS: Final = frozenset({"InvalidParameterValueException", "ResourceNotFoundException"})
"""A version that is gone, or that Lambda takes no weight for. Trying again does not help."""


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
            if percent := round(weight * 100, 9):
                return Traffic(version=found["FunctionVersion"], canary=version, percent=percent)
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
            code = error.response["Error"]["Code"]
            if code in _CONFLICTS:
                raise Conflict("the alias is not what it was") from None
            if code in _REFUSALS:
                raise Immovable(error.response["Error"].get("Message", code)) from None
            raise
