"""Requests that work when tried, from the examples that a manifest gives or, failing those, from its rules."""

from __future__ import annotations

import math
from typing import Any

from serin.manifest import Classification, Feature, Manifest, MissingFill, Regression, Scalar, TensorInput
from serin.protocol import Datatype

Json = dict[str, Any]
Bounds = tuple[float | None, float | None] | None


def example_request(manifest: Manifest) -> Json:
    """Body of a `POST /models/{name}/predict` with one row that the model accepts."""
    if manifest.features:
        return {"instances": [{feature.name: example_value(feature) for feature in manifest.features}]}
    return {"instances": [{tensor.name: _example_row(tensor) for tensor in manifest.inputs}]}


def example_inference_request(manifest: Manifest) -> Json:
    """Body of a `POST /v2/models/{name}/infer`: the same row as `example_request`, as tensors."""
    return {"inputs": [_inference_input(manifest, tensor) for tensor in manifest.inputs]}


def example_answer(manifest: Manifest) -> Json:
    """An answer to `example_request` in its shape; the numbers in it are made up."""
    return {
        "predictions": [_example_prediction(manifest)],
        "model": manifest.name,
        "version": manifest.version,
        "prediction_ids": ["5e0b7c1a93d24f6c8a1f2b3d-0"],
    }


def example_value(feature: Feature) -> Scalar:
    """A value that ``feature`` accepts: its example, or one that its rules allow."""
    if feature.example is not None:
        return feature.example
    if isinstance(feature.missing, MissingFill):
        return feature.missing.fill
    if feature.type == "string":
        return feature.categories[0] if feature.categories else "text"
    if feature.type == "bool":
        return False
    number = _number_within(feature.range)
    return math.ceil(number) if feature.type == "int" else number


def row_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """``shape`` of one row: without its leading axis where that is the batch (-1)."""
    return shape[1:] if shape[:1] == (-1,) else shape


def _example_prediction(manifest: Manifest) -> Json:
    prediction = manifest.prediction
    if isinstance(prediction, Regression):
        return {"value": _number_within(prediction.clip)}
    if isinstance(prediction, Classification):
        label = prediction.positive or prediction.labels[0]
        probability = max(0.7, prediction.threshold or 0.0)
        others = round((1 - probability) / (len(prediction.labels) - 1), 4)
        shares = {name: probability if name == label else others for name in prediction.labels}
        return {"label": label, "probability": probability, "probabilities": shares}
    return {tensor.name: _nested(_zero(tensor.datatype), row_shape(tensor.shape)) for tensor in manifest.outputs}


def _inference_input(manifest: Manifest, tensor: TensorInput) -> Json:
    if manifest.features:
        packed = [feature for feature in manifest.features if manifest.input_of(feature) == tensor.name]
        shape = [1] if len(tensor.shape) == 1 else [1, len(packed)]
        data = [_element(example_value(feature), tensor.datatype) for feature in packed]
    else:
        row = _example_row(tensor)
        # The protocol wants a list even around a scalar.
        data = [row] if tensor.shape[:1] == (-1,) or not tensor.shape else row
        shape = _shape_of(data) if tensor.shape else []
    return {"name": tensor.name, "datatype": tensor.datatype.value, "shape": shape, "data": data}


def _example_row(tensor: TensorInput) -> Any:
    if tensor.example is not None:
        return tensor.example
    return _nested(_zero(tensor.datatype, tensor.range), row_shape(tensor.shape))


def _zero(datatype: Datatype, bounds: Bounds = None) -> Scalar:
    """The plainest element that ``bounds`` let in."""
    return "text" if datatype is Datatype.BYTES else _element(_number_within(bounds), datatype)


def _nested(element: Scalar, shape: tuple[int, ...]) -> Any:
    nested: Any = element
    for axis in reversed(shape):
        nested = [nested] * (1 if axis == -1 else axis)
    return nested


def _element(value: Scalar, datatype: Datatype) -> Scalar:
    """``value`` as the JSON type in which a tensor of ``datatype`` carries it."""
    if datatype is Datatype.BYTES:
        return str(value)
    if datatype is Datatype.BOOL:
        return bool(value)
    return float(value) if datatype.is_float else math.ceil(float(value))


def _number_within(bounds: Bounds) -> float:
    """Zero, or the bound next to it."""
    low, high = bounds or (None, None)
    number = 0.0
    if low is not None:
        number = max(number, float(low))
    if high is not None:
        number = min(number, float(high))
    return number


def _shape_of(nested: Any) -> list[int]:
    shape = []
    while isinstance(nested, list):
        shape.append(len(nested))
        nested = nested[0] if nested else None
    return shape
