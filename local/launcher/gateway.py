"""API Gateway: request validators, which the emulator drops from a template, and requests that are too large."""

from __future__ import annotations

import json
from typing import Any, Final

from local.launcher.limits import TOO_LONG, TOO_LONG_BODY
from local.launcher.patching import existing, service, wrap
from local.launcher.resources import handler

_VALIDATOR: Final = "AWS::ApiGateway::RequestValidator"
_METHOD: Final = "AWS::ApiGateway::Method"


def teach() -> None:
    """Create real validators and tell each method which one it has; refuse a large request in the API's own words."""
    gateway = service("apigateway_v1")
    provisioners = service("cloudformation.provisioners")
    for name in ("_create_request_validator", "_delete_request_validator", "_request_validators", "_resources"):
        existing(gateway, name)
    existing(gateway, "_gw_error")
    wrap(gateway, "_execute_in_scope", lambda original: _worded(gateway, original))
    validator = handler(_VALIDATOR)
    validator["create"] = lambda _id, properties, _stack: _create(gateway, properties)
    validator["update"] = lambda physical_id, _old, new, _stack: _update(gateway, physical_id, new)
    validator["delete"] = lambda physical_id, old: gateway._delete_request_validator(
        old.get("RestApiId", ""), physical_id
    )
    wrap(provisioners, "_apigw_method_create", lambda original: _with_validator(gateway, original))
    handler(_METHOD)["create"] = provisioners._apigw_method_create


def _flags(properties: dict[str, Any]) -> dict[str, Any]:
    keys = ("validateRequestBody", "validateRequestParameters")
    return {key: str(properties.get(key[0].upper() + key[1:])).lower() == "true" for key in keys}


def _create(gateway: Any, properties: dict[str, Any]) -> tuple[str, dict[str, str]]:
    data = {"name": properties.get("Name", ""), **_flags(properties)}
    _, _, body = gateway._create_request_validator(properties["RestApiId"], data)
    identifier = str(json.loads(body)["id"])
    return identifier, {"RequestValidatorId": identifier}


def _update(gateway: Any, physical_id: str, properties: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """Change the flags in place, or make the validator anew where its API or its name is another."""
    found = gateway._request_validators.get(properties["RestApiId"], {}).get(physical_id)
    if found is None or found["name"] != properties.get("Name", found["name"]):
        return _create(gateway, properties)
    found.update(_flags(properties))
    return physical_id, {"RequestValidatorId": physical_id}


def _with_validator(gateway: Any, original: Any) -> Any:
    def create(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        result = original(logical_id, properties, stack)
        resource = gateway._resources.get(properties.get("RestApiId"), {}).get(properties.get("ResourceId"))
        if resource is not None:
            method = resource["resourceMethods"][properties.get("HttpMethod", "ANY")]
            method["requestValidatorId"] = properties.get("RequestValidatorId")
        return result

    return create


def _worded(gateway: Any, original: Any) -> Any:
    """Lambda's refusal of a large request is the gateway's own error, which the API may have a response for."""

    async def execute(*arguments: Any) -> Any:
        response = await original(*arguments)
        if isinstance(response, tuple) and response[0] == 413 and response[2] == TOO_LONG_BODY.encode():
            return gateway._gw_error("REQUEST_TOO_LARGE", TOO_LONG)
        return response

    return execute
