"""The control plane's own routes: server metadata, health, and the list of models."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter

from functions.catalog.catalog import Catalog, ModelStatus
from functions.catalog.schemas import Live, ModelList, ModelState, Ready, ServerInfo, ServingVersion
from serin.errors import ModelNotReady
from serin.manifest import Manifest
from serin.openapi import error_responses
from serin.protocol import SERVER

TAG: Final = "Service"


def control_routes(catalog: Catalog) -> APIRouter:
    """Routes under `/v2` that speak of all models; those that speak of one are the data plane's."""
    router = APIRouter(prefix="/v2", tags=[TAG], responses=_documented(405))

    @router.get("", summary="Name, version and extensions of the server")
    def server() -> ServerInfo:
        return ServerInfo(name=SERVER.name, version=SERVER.version, extensions=SERVER.extensions)

    @router.get("/health/live", summary="Whether the server answers at all")
    def live() -> Live:
        return Live()

    @router.get("/health/ready", summary="Whether every model can answer", responses=_documented(503))
    def ready() -> Ready:
        status = catalog.status()
        if waiting := [name for name, model in status.items() if not model.ready]:
            raise ModelNotReady(f"not ready: {', '.join(waiting)}")
        if not status:
            raise ModelNotReady("no model is served")
        return Ready()

    @router.get(
        "/models",
        summary="Every model, whether it can answer, and which versions answer now",
        response_model_exclude_none=True,
    )
    def models() -> ModelList:
        status = catalog.status()
        return ModelList(models=tuple(_state(manifest, status[manifest.name]) for manifest in catalog.manifests()))

    return router


def _state(manifest: Manifest, status: ModelStatus) -> ModelState:
    return ModelState(
        name=manifest.name,
        version=manifest.version,
        title=manifest.title,
        state="ready" if status.ready else "unavailable",
        serving=tuple(
            ServingVersion(version=share.version, weight=share.weight, deployment=share.deployment)
            for share in status.serving
        ),
    )


def _documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {int(status): answer for status, answer in error_responses(*statuses).items()}
