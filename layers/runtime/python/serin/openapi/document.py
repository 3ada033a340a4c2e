"""The whole document: every model's routes, schemas and examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from serin.manifest import Classification, Lineage, Manifest, Regression
from serin.openapi.answers import error_schema, header_components, response_components
from serin.openapi.examples import Json
from serin.openapi.inference import inference_paths, inference_schemas, protocol_schemas
from serin.openapi.predict import predict_operation, predict_schemas
from serin.openapi.values import sentences

_OPENAPI: Final = "3.1.1"
_API_VERSION: Final = "1.0.0"
_DESCRIPTION: Final = (
    "Typed predictions over HTTP. Every model has a route of its own with its own schema, "
    "and the routes of the Open Inference Protocol V2."
)


def openapi_document(manifests: Sequence[Manifest], *, server_url: str | None) -> Json:
    """The data plane's routes for ``manifests``, as an OpenAPI 3.1 document.

    ``server_url`` is what clients put before the paths; None leaves the paths at the root of the document's host.
    """
    paths: Json = {}
    schemas: Json = {"Error": error_schema()} | protocol_schemas()
    for manifest in manifests:
        paths[f"/models/{manifest.name}/predict"] = {"post": predict_operation(manifest)}
        paths |= inference_paths(manifest)
        schemas |= predict_schemas(manifest) | inference_schemas(manifest)
    document: Json = {
        "openapi": _OPENAPI,
        "info": {"title": "Serin", "version": _API_VERSION, "description": _DESCRIPTION},
        "tags": [{"name": manifest.name, "description": _model_text(manifest)} for manifest in manifests],
        "paths": paths,
        # An API key is asked for where the API is deployed with one; a laptop wants none.
        "security": [{}, {"ApiKey": []}],
        "components": {
            "schemas": schemas,
            "responses": response_components(),
            "headers": header_components(),
            "securitySchemes": {"ApiKey": {"type": "apiKey", "in": "header", "name": "x-api-key"}},
        },
    }
    return document if server_url is None else document | {"servers": [{"url": server_url}]}


def _model_text(manifest: Manifest) -> str:
    return sentences(
        manifest.title, f"Version {manifest.version}", _task_text(manifest), _lineage_text(manifest.lineage)
    )


def _task_text(manifest: Manifest) -> str:
    prediction = manifest.prediction
    if isinstance(prediction, Classification):
        return f"Classifies as {', '.join(f'`{label}`' for label in prediction.labels)}"
    if isinstance(prediction, Regression):
        return f"Answers a number{f' in {prediction.unit}' if prediction.unit else ''}"
    return f"Answers the tensors {', '.join(f'`{tensor.name}`' for tensor in manifest.outputs)}"


def _lineage_text(lineage: Lineage | None) -> str | None:
    if lineage is None:
        return None
    metrics = ", ".join(f"{name} {value:.4g}" for name, value in lineage.metrics.items())
    trained = f"Trained with {lineage.framework} on {lineage.data.rows} rows of {lineage.data.source}"
    return sentences(trained, metrics and f"Held-out metrics: {metrics}")
