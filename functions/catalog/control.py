"""The control plane's own routes: server metadata, health, and the list of models."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter

from functions.catalog.catalog import Catalog
from functions.catalog.schemas import Live, ModelList, ModelState, Ready, ServerInfo
from serin.errors import ModelNotReady
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
        states = catalog.ready()
        if waiting := [name for name, is_ready in states.items() if not is_ready]:
            raise ModelNotReady(f"not ready: {', '.join(waiting)}")
        if not states:
            raise ModelNotReady("no model is served")
        return Ready()

    @router.get("/models", summary="Every model, its version and whether it can answer")
    def models() -> ModelList:
        states = catalog.ready()
        return ModelList(
            models=tuple(
                ModelState(
                    name=manifest.name,
                    version=manifest.version,
                    title=manifest.title,
                    state="ready" if states.get(manifest.name, False) else "unavailable",
                )
                for manifest in catalog.manifests()
            )
        )

    return router


def _documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {int(status): answer for status, answer in error_responses(*statuses).items()}
