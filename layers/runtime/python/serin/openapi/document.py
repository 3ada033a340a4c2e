"""The whole document: every model's routes, schemas and examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from serin.manifest import Manifest
from serin.openapi.answers import error_schema, header_components, response_components
from serin.openapi.examples import Json
from serin.openapi.inference import inference_paths, inference_schemas, protocol_schemas
from serin.openapi.predict import predict_operation, predict_schemas
from serin.openapi.text import model_text
from serin.protocol import SERVER

_OPENAPI: Final = "3.1.1"
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
        "info": {"title": "Serin", "version": SERVER.version, "description": _DESCRIPTION},
        "tags": [{"name": manifest.name, "description": model_text(manifest)} for manifest in manifests],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": response_components(),
            "headers": header_components(),
        },
    }
    return document if server_url is None else document | {"servers": [{"url": server_url}]}
