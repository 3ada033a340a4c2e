"""Which versions an alias serves, by their own names and with their weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.catalog.catalog import Share

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


class ServingVersions:
    """Reads aliases. A published version's description is the model's version, and both never change."""

    def __init__(self, client: LambdaClient) -> None:
        self._client = client
        self._versions: dict[tuple[str, str], str] = {}

    def __call__(self, alias_arn: str) -> tuple[Share, ...]:
        """Those with a weight, heaviest first. ``alias_arn`` is ``arn:aws:lambda:...:function:{name}:{alias}``.

        Raises:
            botocore.exceptions.ClientError: Lambda refuses; there is no such alias.
            botocore.exceptions.BotoCoreError: Lambda cannot be reached.
        """
        function, _, name = alias_arn.rpartition(":")
        alias = self._client.get_alias(FunctionName=function, Name=name)
        weights = dict(alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}))
        weights[alias["FunctionVersion"]] = 1 - sum(weights.values())
        heaviest_first = sorted(weights.items(), key=lambda item: -item[1])
        return tuple(
            Share(version=self._version(function, number), weight=round(weight, 6), deployment=number)
            for number, weight in heaviest_first
            if weight > 0
        )

    def _version(self, function: str, number: str) -> str:
        """The version of the model that was published under ``number``; a version by another hand may not say."""
        if (function, number) not in self._versions:
            pages = self._client.get_paginator("list_versions_by_function").paginate(FunctionName=function)
            self._versions |= {
                (function, found["Version"]): found["Description"] for page in pages for found in page["Versions"]
            }
        return self._versions.get((function, number)) or "unknown"
