"""The control plane: index, docs, OpenAPI document, health, the list of models, and their releases."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from functions.catalog import index_page
from functions.catalog.catalog import Catalog
from functions.catalog.control import control_routes
from functions.catalog.credentials import Credentials
from functions.catalog.description import describe, located
from functions.catalog.docs_page import docs_routes
from functions.catalog.framing import frame
from functions.catalog.releases.history import ReleaseHistory
from functions.catalog.releases.routes import release_routes
from serin.protocol import SERVER


def create_app(
    catalog: Catalog, credentials: Credentials | None = None, history: ReleaseHistory | None = None
) -> FastAPI:
    """The control plane of ``catalog``; the prefix it lies under is the ASGI scope's ``root_path``.

    ``credentials``: what a gateway before it asks for, which its description then says; it checks none itself.
    ``history``: the records of releases; None where there are none to show, and no routes for them.
    """
    app = FastAPI(
        title="Serin",
        version=SERVER.version,
        openapi_url=None,
        generate_unique_id_function=lambda route: route.name,
        # A redirect would name the host that the client claims, and lose the prefix.
        redirect_slashes=False,
    )
    app.include_router(control_routes(catalog))
    app.include_router(docs_routes())
    app.include_router(_index_routes(catalog))
    if history is not None:
        app.include_router(release_routes(catalog, history))
    app.include_router(_document_routes(describe(app, catalog, credentials, has_releases=history is not None)))
    frame(app)
    return app


def _index_routes(catalog: Catalog) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    def index(request: Request) -> Response:
        root = _root(request)
        vary = {"vary": "accept"}
        if index_page.prefers_json(request.headers.get("accept", "")):
            return JSONResponse(index_page.index(catalog.manifests(), root).model_dump(), headers=vary)
        host = request.headers.get("host", "localhost")
        page = index_page.index_page(catalog.manifests(), root, request.scope["scheme"], host)
        return HTMLResponse(page, headers=vary | {"content-security-policy": index_page.CONTENT_SECURITY_POLICY})

    return router


def _document_routes(document: dict[str, Any]) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/openapi.json")
    def openapi(request: Request) -> Response:
        return JSONResponse(located(document, _root(request)))

    return router


def _root(request: Request) -> str:
    root: str = request.scope.get("root_path", "")
    return root.rstrip("/")
