"""Resource types that the emulator's CloudFormation refuses, and with them the whole stack."""

from __future__ import annotations

from typing import Any, Final

from local.launcher.patching import Mismatch, existing, service

RECORDED: Final = (
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::CloudWatch::AnomalyDetector",
    "AWS::Logs::QueryDefinition",
    "AWS::WAFv2::LoggingConfiguration",
    "AWS::WAFv2::WebACLAssociation",
    "AWS::XRay::Group",
    "AWS::XRay::SamplingRule",
)
"""Accepted and recorded in their stack, without effect. A test that passes over one shows nothing about AWS."""

_COMPOSITE: Final = "AWS::CloudWatch::CompositeAlarm"


def handler(resource_type: str) -> dict[str, Any]:
    """The emulator's handlers of a type: create, update, delete. Raises Mismatch where it has none."""
    handlers = existing(service("cloudformation.provisioners"), "_RESOURCE_HANDLERS")
    if resource_type not in handlers:
        message = f"ministack has no CloudFormation handler for {resource_type}; a lesson of local/launcher needs it"
        raise Mismatch(message)
    found: dict[str, Any] = handlers[resource_type]
    return found


def teach() -> None:
    """Record the types without effect; create composite alarms for real, which the emulator has by its API only."""
    handlers = existing(service("cloudformation.provisioners"), "_RESOURCE_HANDLERS")
    for resource_type in RECORDED:
        handlers[resource_type] = {"create": _record, "update": _keep, "delete": _forget}
    alarms = service("cloudwatch")
    for name in ("_composite_alarms", "_delete_alarms", "_put_composite_alarm"):
        existing(alarms, name)
    handlers[_COMPOSITE] = {
        "create": lambda logical_id, properties, stack: _put(
            alarms, _composite_name(logical_id, properties, stack), properties
        ),
        "update": lambda physical_id, _old, new, _stack: _put(alarms, physical_id, new),
        "delete": lambda physical_id, _properties: alarms._delete_alarms(
            {}, {"AlarmNames": [physical_id]}, False, True
        ),
    }


def _record(logical_id: str, _properties: dict[str, Any], stack: str) -> tuple[str, dict[str, str]]:
    return f"{stack}-{logical_id}", {}


def _keep(physical_id: str, _old: Any, _new: Any, _stack: str) -> tuple[str, dict[str, str]]:
    return physical_id, {}


def _forget(_physical_id: str, _properties: dict[str, Any]) -> None:
    """Nothing was made, so nothing is left."""


def _composite_name(logical_id: str, properties: dict[str, Any], stack: str) -> str:
    return str(properties.get("AlarmName") or f"{stack}-{logical_id}")


def _put(alarms: Any, name: str, properties: dict[str, Any]) -> tuple[str, dict[str, str]]:
    data = {key: value for key, value in properties.items() if key != "Tags"}
    status, _, body = alarms._put_composite_alarm({}, {**data, "AlarmName": name}, False, True)
    if status >= 400:
        message = f"{_COMPOSITE} {name}: {body!r}"
        raise ValueError(message)
    return name, {"Arn": alarms._composite_alarms[name]["AlarmArn"]}
