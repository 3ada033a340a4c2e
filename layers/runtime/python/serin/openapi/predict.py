"""`POST /models/{name}/predict`: rows of named values in, predictions out."""

from __future__ import annotations

from serin.manifest import Classification, Manifest, Regression, TensorInput, TensorOutput
from serin.openapi.answers import answer_headers, error_responses, json_answer
from serin.openapi.examples import Json, example_answer, example_request, row_shape
from serin.openapi.text import row_text, sentences, shape_text
from serin.openapi.values import (
    bounded_number,
    element_schema,
    feature_schema,
    is_required,
    nested_schema,
)


def predict_operation(manifest: Manifest) -> Json:
    """The operation object of the model's predict route."""
    name = manifest.name
    return {
        "operationId": f"predict-{name}",
        "tags": [name],
        "summary": manifest.title or f"Predict with {name}",
        "description": row_text(manifest),
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": _reference(name, "PredictRequest"), "example": example_request(manifest)}
            },
        },
        "responses": {
            "200": json_answer(
                "One prediction a row, in the rows' order.",
                _reference(name, "PredictResponse"),
                example_answer(manifest),
                headers=answer_headers(),
            )
        }
        | error_responses(400, 404, 405, 413, 415, 422, 503, 504),
    }


def predict_schemas(manifest: Manifest) -> Json:
    """The route's schemas, for the document's components."""
    return {
        f"{manifest.name}.PredictRequest": _request_schema(manifest),
        f"{manifest.name}.PredictResponse": _response_schema(manifest),
        f"{manifest.name}.Instance": _instance_schema(manifest),
        f"{manifest.name}.Prediction": _prediction_schema(manifest),
    }


def _reference(name: str, schema: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}.{schema}"}


def _request_schema(manifest: Manifest) -> Json:
    most = manifest.serving.max_batch_rows
    instances = {
        "type": "array",
        "description": f"One to {most} rows.",
        "minItems": 1,
        "maxItems": most,
        "items": _reference(manifest.name, "Instance"),
    }
    return {
        "type": "object",
        "title": f"{manifest.name}: request",
        "required": ["instances"],
        "properties": {"instances": instances},
        "additionalProperties": False,
    }


def _instance_schema(manifest: Manifest) -> Json:
    if manifest.features:
        datatypes = {tensor.name: tensor.datatype for tensor in manifest.inputs}
        properties = {
            feature.name: feature_schema(feature, datatypes[manifest.input_of(feature)])
            for feature in manifest.features
        }
        required = [feature.name for feature in manifest.features if is_required(feature)]
    else:
        properties = {tensor.name: _tensor_schema(tensor) for tensor in manifest.inputs}
        required = list(properties)
    return {
        "type": "object",
        "title": f"{manifest.name}: row",
        "required": required,
        "properties": properties,
        "additionalProperties": False,
    }


def _tensor_schema(tensor: TensorInput) -> Json:
    shape = row_shape(tensor.shape)
    schema = nested_schema(element_schema(tensor.datatype, tensor.range), shape, shortest=1)
    nested = f"{tensor.datatype}, nested as {shape_text(shape)}"
    text = sentences(tensor.description, nested, tensor.unit and f"Unit: {tensor.unit}")
    return schema | {"description": text} | ({"x-unit": tensor.unit} if tensor.unit else {})


def _response_schema(manifest: Manifest) -> Json:
    return {
        "type": "object",
        "title": f"{manifest.name}: answer",
        "required": ["predictions", "model", "version", "prediction_ids"],
        "properties": {
            "predictions": {
                "type": "array",
                "description": "In the rows' order.",
                "items": _reference(manifest.name, "Prediction"),
            },
            "model": {"type": "string", "const": manifest.name},
            "version": {
                "type": "string",
                "description": "Version that answered.",
                "examples": [manifest.version],
            },
            "prediction_ids": {
                "type": "array",
                "description": "One id a row, in the rows' order.",
                "items": {"type": "string"},
            },
        },
    }


def _prediction_schema(manifest: Manifest) -> Json:
    prediction = manifest.prediction
    if isinstance(prediction, Classification):
        properties = _classification_properties(prediction)
    elif isinstance(prediction, Regression):
        properties = {"value": _value_schema(prediction)}
    else:
        properties = {tensor.name: _output_schema(tensor) for tensor in manifest.outputs}
    return {
        "type": "object",
        "title": f"{manifest.name}: prediction",
        "required": list(properties),
        "properties": properties,
    }


def _classification_properties(prediction: Classification) -> Json:
    text = None
    if prediction.threshold is not None:
        text = f"`{prediction.positive}` from a probability of {prediction.threshold}"
    probability = bounded_number((0, 1))
    return {
        "label": {
            "type": "string",
            "description": sentences("The class that is answered", text),
            "enum": list(prediction.labels),
        },
        "probability": probability | {"description": "Probability of the label."},
        "probabilities": {
            "type": "object",
            "description": "Probability of each class.",
            "required": list(prediction.labels),
            "properties": dict.fromkeys(prediction.labels, probability),
            "additionalProperties": False,
        },
    }


def _value_schema(prediction: Regression) -> Json:
    text = sentences(prediction.description, prediction.unit and f"Unit: {prediction.unit}")
    unit = {"x-unit": prediction.unit} if prediction.unit else {}
    return bounded_number(prediction.clip) | {"description": text} | unit


def _output_schema(tensor: TensorOutput) -> Json:
    shape = row_shape(tensor.shape)
    text = sentences(tensor.description, f"{tensor.datatype}, nested as {shape_text(shape)}")
    return nested_schema(element_schema(tensor.datatype), shape, shortest=0) | {"description": text}
