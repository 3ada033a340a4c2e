"""JSON Schemas of single values: a feature, and the elements and nested lists of a tensor."""

from __future__ import annotations

from typing import Any, Final

from serin.manifest import Feature, MissingFill
from serin.openapi.examples import Bounds, Json, example_value
from serin.openapi.text import missing_text, sentences
from serin.protocol import Datatype

_FEATURE_TYPES: Final = {"float": "number", "int": "integer", "bool": "boolean", "string": "string"}

_INTEGER_BOUNDS: Final[dict[Datatype, tuple[int, int | None]]] = {
    Datatype.UINT8: (0, 2**8 - 1),
    Datatype.UINT16: (0, 2**16 - 1),
    Datatype.UINT32: (0, 2**32 - 1),
    # The upper bounds of 64 bits are left out: many readers hold JSON numbers as doubles and would round them.
    Datatype.UINT64: (0, None),
    Datatype.INT8: (-(2**7), 2**7 - 1),
    Datatype.INT16: (-(2**15), 2**15 - 1),
    Datatype.INT32: (-(2**31), 2**31 - 1),
}


def feature_schema(feature: Feature, datatype: Datatype) -> Json:
    """Schema of ``feature`` in a request row; ``datatype`` is that of the tensor it is packed into."""
    kind: str | list[str] = _FEATURE_TYPES[feature.type]
    schema: Json = {"type": kind, "description": _feature_text(feature)}
    if feature.unit:
        schema["x-unit"] = feature.unit
    if feature.type == "int":
        schema |= _integer(datatype)
    schema |= _bounds(feature.range)
    if feature.categories is not None:
        schema["enum"] = list(feature.categories)
    if feature.missing != "reject":
        schema["type"] = [kind, "null"]
        if "enum" in schema:
            schema["enum"].append(None)
    if isinstance(feature.missing, MissingFill):
        schema["default"] = feature.missing.fill
    schema["examples"] = [example_value(feature)]
    return schema


def is_required(feature: Feature) -> bool:
    """Whether a row must have the feature's key."""
    return feature.missing == "reject"


def nested_schema(element: Json, shape: tuple[int, ...], *, shortest: int) -> Json:
    """Lists nested as ``shape`` says, a dynamic axis (-1) of any length from ``shortest`` on."""
    schema = element
    for axis in reversed(shape):
        length = {"minItems": shortest} if axis == -1 else {"minItems": axis, "maxItems": axis}
        schema = {"type": "array", "items": schema} | length
    return schema


def element_schema(datatype: Datatype, bounds: Bounds = None) -> Json:
    """One element of a tensor, as JSON carries it."""
    if datatype is Datatype.BYTES:
        return {"type": "string"}
    if datatype is Datatype.BOOL:
        return {"type": "boolean"}
    if datatype.is_float:
        return {"type": "number"} | _bounds(bounds)
    return {"type": "integer"} | _integer(datatype) | _bounds(bounds)


def bounded_number(bounds: Bounds) -> Json:
    """A number within ``bounds``, both inclusive."""
    return {"type": "number"} | _bounds(bounds)


def _feature_text(feature: Feature) -> str:
    missing = None if feature.missing == "reject" else f"When missing: {missing_text(feature)}"
    return sentences(feature.description, feature.unit and f"Unit: {feature.unit}", missing)


def _integer(datatype: Datatype) -> Json:
    if datatype is Datatype.INT64:
        return {"format": "int64"}
    if datatype not in _INTEGER_BOUNDS:
        return {}
    return _bounds(_INTEGER_BOUNDS[datatype])


def _bounds(bounds: Bounds) -> dict[str, Any]:
    low, high = bounds or (None, None)
    named = {"minimum": low, "maximum": high}
    return {key: bound for key, bound in named.items() if bound is not None}
