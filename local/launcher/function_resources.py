"""Functions from a template: reserved concurrency, versions that a stack cannot delete, containers of each version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from local.launcher.patching import existing, service, wrap
from local.launcher.resources import handler

_FUNCTION: Final = "AWS::Lambda::Function"
_VERSION: Final = "AWS::Lambda::Version"
_LATEST: Final = "$LATEST"


def teach() -> None:
    """Keep reserved concurrency, keep a version that an alias runs, stop the containers of what is gone alone."""
    functions = service("lambda_svc")
    for name in ("_functions", "_put_function_concurrency", "_delete_function_concurrency", "_resolve_name"):
        existing(functions, name)
    for name in ("_warm_pool", "_warm_pool_lock", "_kill_pool_entry"):
        existing(functions, name)
    existing(functions, "get_account_id")
    wrap(functions, "_warm_pool_key", _by_version)
    wrap(functions, "_pool_kill_function", lambda original: _of_what_has_changed(functions, original))
    resource = handler(_FUNCTION)
    resource["create"] = _created(functions, resource["create"])
    resource["update"] = _updated(functions, resource["update"])
    resource["delete"] = _with_its_containers(functions, resource["delete"])
    version = handler(_VERSION)
    version["delete"] = _unless_aliased(functions, version["delete"])


def _by_version(original: Any) -> Any:
    """A version has containers of its own: it may have another environment with the same image."""

    def key(name: str, config: Mapping[str, Any]) -> str:
        return f"{original(name, config)}:{config.get('Version', _LATEST)}"

    return key


def _of_what_has_changed(functions: Any, original: Any) -> Any:
    """An update leaves published versions, and whatever they are just answering, alone."""

    def kill(account: str, name: str) -> None:
        if name not in functions._functions:
            original(account, name)
            return
        with functions._warm_pool_lock:
            changed = [key for key in functions._warm_pool if key.split(":")[2] == name and key.endswith(_LATEST)]
            entries = [entry for key in changed for entry in functions._warm_pool.pop(key)]
        for entry in entries:
            functions._kill_pool_entry(entry)

    return kill


def _reserve(functions: Any, name: str, properties: dict[str, Any]) -> None:
    reserved = properties.get("ReservedConcurrentExecutions")
    if reserved is None:
        functions._delete_function_concurrency(name)
    else:
        functions._put_function_concurrency(name, {"ReservedConcurrentExecutions": int(reserved)})


def _created(functions: Any, original: Any) -> Any:
    def create(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        result = original(logical_id, properties, stack)
        _reserve(functions, result[0], properties)
        return result

    return create


def _updated(functions: Any, original: Any) -> Any:
    def update(physical_id: str, old: dict[str, Any], new: dict[str, Any], stack: str, logical_id: str) -> Any:
        result = original(physical_id, old, new, stack, logical_id)
        _reserve(functions, result[0], new)
        return result

    return update


def _with_its_containers(functions: Any, original: Any) -> Any:
    def delete(physical_id: str, properties: dict[str, Any]) -> Any:
        result = original(physical_id, properties)
        functions._pool_kill_function(functions.get_account_id(), physical_id)
        return result

    return delete


def _unless_aliased(functions: Any, original: Any) -> Any:
    """Keep a version that an alias runs.

    AWS refuses the deletion, and an update that only cleans up goes on without it. The emulator's API refuses too; its
    CloudFormation deletes the version and leaves the alias without code.
    """

    def delete(physical_id: str, properties: dict[str, Any]) -> Any:
        number = physical_id.rsplit(":", 1)[-1]
        name = functions._resolve_name(str(properties.get("FunctionName", "")))
        for alias in ((functions._functions.get(name) or {}).get("aliases") or {}).values():
            weighted = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
            if number in (alias.get("FunctionVersion"), *weighted):
                return None
        return original(physical_id, properties)

    return delete
