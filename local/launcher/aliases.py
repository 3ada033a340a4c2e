"""Aliases: the emulator stores their weights and always runs the first version."""

from __future__ import annotations

import random
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from local.launcher.patching import existing, service, wrap

invoked_alias: ContextVar[str | None] = ContextVar("invoked_alias", default=None)
"""The alias of a direct invocation, which then runs by the number of the chosen version."""


def chosen_version(alias: Mapping[str, Any], draw: float) -> str:
    """The version one call to ``alias`` runs; ``draw`` is uniform in [0, 1)."""
    weights: Mapping[str, float] = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    for version, weight in sorted(weights.items()):
        if draw < weight:
            return version
        draw -= weight
    return str(alias["FunctionVersion"])


def teach() -> None:
    """Choose a version by weight for a direct invocation and for one by ARN, as API Gateway and events make it."""
    functions = service("lambda_svc")
    for name in ("_functions", "_qualifier_from_path_or_query", "_resolve_name_and_qualifier"):
        existing(functions, name)
    existing(functions, "_get_base_func_record_for_ref")
    wrap(functions, "_invoke", lambda original: _direct(functions, original))
    wrap(functions, "_get_func_record_for_ref", lambda original: _by_reference(functions, original))


def _alias_of(base: Mapping[str, Any] | None, qualifier: str | None) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = ((base or {}).get("aliases") or {}).get(qualifier)
    return found


def _direct(functions: Any, original: Any) -> Any:
    async def invoke(
        name: str, event: Any, headers: Any, path_qualifier: str | None = None, query_params: Any = None
    ) -> Any:
        qualifier = functions._qualifier_from_path_or_query(path_qualifier, query_params)
        alias = _alias_of(functions._functions.get(name), qualifier)
        if alias is None:
            return await original(name, event, headers, path_qualifier, query_params)
        token = invoked_alias.set(qualifier)
        try:
            version = chosen_version(alias, random.random())  # noqa: S311 - a share of traffic, not a secret
            return await original(name, event, headers, version, query_params)
        finally:
            invoked_alias.reset(token)

    return invoke


def _by_reference(functions: Any, original: Any) -> Any:
    def resolve(reference: str) -> tuple[Any, Any, str]:
        record, config, name = original(reference)
        base, base_config, _ = functions._get_base_func_record_for_ref(reference)
        _, qualifier = functions._resolve_name_and_qualifier(reference)
        alias = _alias_of(base, qualifier)
        if record is None or alias is None:
            return record, config, name
        version = chosen_version(alias, random.random())  # noqa: S311 - a share of traffic, not a secret
        record = base["versions"].get(version, record)
        arn = f"{base_config['FunctionArn']}:{qualifier}"
        return record, {**record["config"], "FunctionArn": arn}, name

    return resolve
