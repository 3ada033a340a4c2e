"""The Open Inference Protocol's routes of one model: metadata, ready, infer.

Source: the Open Inference Protocol specification, REST and its binary tensor data extension.
"""

from __future__ import annotations

from typing import Final

from serin.manifest import Manifest, TensorInput, TensorOutput
from serin.openapi.answers import answer_headers, common_headers, error_responses, json_answer
from serin.openapi.examples import Json, example_inference_request
from serin.openapi.text import sentences, shape_text
from serin.protocol import Datatype

_BINARY_TEXT: Final = (
    "Binary tensors: the JSON part, then each tensor's raw little-endian bytes in the order in which the JSON "
    "names them. `Inference-Header-Content-Length` holds the JSON part's size in bytes, the input's parameter "
    "`binary_data_size` that of its tensor. The parameter `binary_data` of an output, or `binary_data_output` of "
    "the request, asks for binary answers."
)


def inference_paths(manifest: Manifest) -> Json:
    """The path items of the model's protocol routes, without a version and with one."""
    routes = _routes(manifest)
    versioned = {
        route: {"parameters": [_version_parameter(manifest)]}
        | {method: _by_version(operation) for method, operation in item.items()}
        for route, item in routes.items()
    }
    base = f"/v2/models/{manifest.name}"
    return {f"{base}{route}": item for route, item in routes.items()} | {
        f"{base}/versions/{{version}}{route}": item for route, item in versioned.items()
    }


def inference_schemas(manifest: Manifest) -> Json:
    """The infer route's schemas, for the document's components."""
    return {f"{manifest.name}.InferenceRequest": _request_schema(manifest)}


def protocol_schemas() -> Json:
    """The protocol's own schemas that do not depend on a model, for the document's components."""
    tensor = {
        "name": {"type": "string"},
        "shape": {"type": "array", "items": {"type": "integer", "minimum": -1}},
        "datatype": {"type": "string", "enum": [datatype.value for datatype in Datatype]},
    }
    text = {"type": "string"}
    metadata_tensors = {"type": "array", "items": _object("Tensor metadata", tensor, list(tensor))}
    output = tensor | {"parameters": _parameters(), "data": {"type": "array"}}
    return {
        "ModelMetadata": _object(
            "Model metadata",
            {
                "name": text,
                "versions": {"type": "array", "items": text},
                "platform": text,
                "inputs": metadata_tensors,
                "outputs": metadata_tensors,
            },
            ["name", "platform", "inputs", "outputs"],
        ),
        "InferenceResponse": _object(
            "Inference answer",
            {
                "model_name": text,
                "model_version": text,
                "id": text | {"description": "The request's id."},
                "parameters": _parameters(),
                "outputs": {"type": "array", "items": _object("Output tensor", output, list(tensor))},
            },
            ["model_name", "outputs"],
        ),
    }


def _metadata_operation(manifest: Manifest) -> Json:
    return {
        "operationId": f"metadata-{manifest.name}",
        "tags": [manifest.name],
        "summary": "Names, datatypes and shapes of the tensors",
        "responses": {
            "200": json_answer("The model's metadata.", _reference("ModelMetadata"), headers=common_headers())
        }
        | error_responses(404, 405),
    }


def _ready_operation(manifest: Manifest) -> Json:
    return {
        "operationId": f"ready-{manifest.name}",
        "tags": [manifest.name],
        "summary": "Whether the model can answer now",
        "responses": {"200": {"description": "It can.", "headers": common_headers()}} | error_responses(404, 405, 503),
    }


def _infer_operation(manifest: Manifest) -> Json:
    request = {
        "schema": _reference(f"{manifest.name}.InferenceRequest"),
        "example": example_inference_request(manifest),
    }
    answer = json_answer("The output tensors.", _reference("InferenceResponse"), headers=answer_headers())
    answer["content"]["application/octet-stream"] = _binary_content()
    return {
        "operationId": f"infer-{manifest.name}",
        "tags": [manifest.name],
        "summary": "Tensors in, tensors out (Open Inference Protocol V2)",
        "description": _BINARY_TEXT,
        "requestBody": {
            "required": True,
            "content": {"application/json": request, "application/octet-stream": _binary_content()},
        },
        "responses": {"200": answer} | error_responses(400, 404, 405, 413, 415, 422, 503, 504),
    }


def _routes(manifest: Manifest) -> Json:
    return {
        "/infer": {"post": _infer_operation(manifest)},
        "": {"get": _metadata_operation(manifest)},
        "/ready": {"get": _ready_operation(manifest)},
    }


def _by_version(operation: Json) -> Json:
    verb, _, name = operation["operationId"].partition("-")
    return operation | {
        "operationId": f"{verb}Version-{name}",
        "summary": f"{operation['summary']}, of one version",
    }


def _version_parameter(manifest: Manifest) -> Json:
    return {
        "name": "version",
        "in": "path",
        "required": True,
        "description": "Version that must answer; any other is 404.",
        "schema": {"type": "string"},
        "example": manifest.version,
    }


def _request_schema(manifest: Manifest) -> Json:
    count = len(manifest.inputs)
    inputs = {
        "type": "array",
        "description": "Every input once, in any order.",
        "minItems": count,
        "maxItems": count,
        "items": {"oneOf": [_input_schema(tensor) for tensor in manifest.inputs]},
    }
    outputs = {
        "type": "array",
        "description": "The outputs to answer; all of them when left out.",
        "items": {"oneOf": [_output_schema(tensor) for tensor in manifest.outputs]},
    }
    identity = {"type": "string", "description": "Echoed in the answer."}
    properties = {"id": identity, "parameters": _parameters(), "inputs": inputs, "outputs": outputs}
    return _object(f"{manifest.name}: inference request", properties, ["inputs"], strict=True)


def _input_schema(tensor: TensorInput) -> Json:
    text = sentences(tensor.description, f"Shape {shape_text(tensor.shape)}", tensor.unit and f"Unit: {tensor.unit}")
    axes = [{"type": "integer", "minimum": 1} if axis == -1 else {"const": axis} for axis in tensor.shape]
    shape: Json = {"type": "array", "minItems": len(axes), "maxItems": len(axes)}
    if axes:
        shape["prefixItems"] = axes
    properties = {
        "name": {"const": tensor.name},
        "datatype": {"const": tensor.datatype.value},
        "shape": shape,
        "parameters": _parameters(),
        "data": {
            "type": "array",
            "description": "Elements in row-major order, flat or nested as the shape says; left out when binary.",
        },
    }
    schema = _object(tensor.name, properties, ["name", "datatype", "shape"], strict=True)
    return schema | {"description": text}


def _output_schema(tensor: TensorOutput) -> Json:
    text = sentences(tensor.description, f"{tensor.datatype}, shape {shape_text(tensor.shape)}")
    properties = {"name": {"const": tensor.name}, "parameters": _parameters()}
    return _object(tensor.name, properties, ["name"], strict=True) | {"description": text}


def _object(title: str, properties: Json, required: list[str], *, strict: bool = False) -> Json:
    schema = {"type": "object", "title": title, "required": required, "properties": properties}
    return schema | {"additionalProperties": False} if strict else schema


def _parameters() -> Json:
    return {"type": "object", "additionalProperties": {"type": ["boolean", "number", "string"]}}


def _binary_content() -> Json:
    return {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}


def _reference(schema: str) -> Json:
    return {"$ref": f"#/components/schemas/{schema}"}
