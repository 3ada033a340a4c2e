"""Put an alias on a new version, once that version has said that it is ready."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

# The first start of an image may outlast the function's time-out, which ends it without an answer.
_TRIES: Final = 3


class NotReadyError(Exception):
    """The new version cannot serve."""


@dataclass(frozen=True, kw_only=True)
class Move:
    """What is wanted: ``alias`` of ``function`` wholly on ``version``, with ``warm_instances`` to begin with.

    ``was_warm``: the alias had warm instances before.
    """

    function: str
    alias: str
    version: str
    model: str
    warm_instances: int | None
    was_warm: bool

    @classmethod
    def from_properties(cls, properties: Mapping[str, str], old: Mapping[str, str]) -> Move:
        """As CloudFormation sends them, now and before: every value is text."""
        warm = properties.get("WarmInstances")
        return cls(
            function=properties["FunctionName"],
            alias=properties["Alias"],
            version=properties["Version"],
            model=properties["Model"],
            warm_instances=None if warm is None else int(warm),
            was_warm="WarmInstances" in old,
        )


class Mover:
    """``client`` is boto3's for Lambda."""

    def __init__(self, client: Any) -> None:
        self._lambda = client

    def __call__(self, move: Move) -> None:
        """Safe to run twice.

        Raises:
            NotReadyError: the version answers anything but 200; the alias has not moved.
        """
        version = {"FunctionName": move.function, "Qualifier": move.version}
        self._lambda.get_waiter("published_version_active").wait(**version)
        self._check_ready(version, move.model)
        if move.was_warm and move.warm_instances is None:
            # First, as a version with SnapStart takes no alias that has them.
            self._lambda.delete_provisioned_concurrency_config(FunctionName=move.function, Qualifier=move.alias)
        self._lambda.update_alias(
            FunctionName=move.function,
            Name=move.alias,
            FunctionVersion=move.version,
            RoutingConfig={"AdditionalVersionWeights": {}},
        )
        if move.warm_instances is not None:
            self._keep_warm(move, move.warm_instances)

    def _check_ready(self, version: Mapping[str, str], model: str) -> None:
        """Ask the version itself, by its number, as callers ask it through the API."""
        question: dict[str, Any] = {
            "httpMethod": "GET",
            "path": f"/v2/models/{model}/ready",
            "headers": {},
            "body": None,
        }
        for _ in range(_TRIES):
            answer = self._lambda.invoke(**version, Payload=json.dumps(question).encode())
            body = json.loads(answer["Payload"].read())
            if "FunctionError" not in answer:
                break
        if "FunctionError" in answer or not isinstance(body, dict) or body.get("statusCode") != 200:
            raise NotReadyError(f"version {version['Qualifier']} of model {model} is not ready; its log says why")

    def _keep_warm(self, move: Move, instances: int) -> None:
        """The first warm instances of the alias; how many there are later, its scaling says."""
        alias = {"FunctionName": move.function, "Qualifier": move.alias}
        try:
            self._lambda.get_provisioned_concurrency_config(**alias)
        except self._lambda.exceptions.ProvisionedConcurrencyConfigNotFoundException:
            self._lambda.put_provisioned_concurrency_config(**alias, ProvisionedConcurrentExecutions=instances)
