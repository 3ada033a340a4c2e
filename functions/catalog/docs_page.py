"""`GET /docs`: Swagger UI over `/openapi.json`, every byte of it served from here.

The page names its parts by relative paths, so it works below any prefix; it holds no inline script or style.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

_OWN: Final = Path(__file__).parent / "static"
_SWAGGER_UI: Final = files("fastapi_swagger.resources")

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_CSS: Final = "text/css; charset=utf-8"
_JAVASCRIPT: Final = "text/javascript; charset=utf-8"
_CACHED: Final = {"cache-control": "public, max-age=3600"}

_ASSETS: Final[tuple[tuple[str, Traversable, str], ...]] = (
    ("swagger-ui.css", _SWAGGER_UI / "swagger-ui.css", _CSS),
    ("swagger-ui-bundle.js", _SWAGGER_UI / "swagger-ui-bundle.js", _JAVASCRIPT),
    ("docs.css", _OWN / "docs.css", _CSS),
    ("docs.js", _OWN / "docs.js", _JAVASCRIPT),
)


def docs_routes() -> APIRouter:
    """The page and its parts."""
    router = APIRouter(include_in_schema=False)
    page = (_OWN / "docs.html").read_text(encoding="utf-8")

    @router.get("/docs")
    def docs() -> Response:
        return HTMLResponse(page, headers={"content-security-policy": CONTENT_SECURITY_POLICY})

    for name, file, media_type in _ASSETS:
        _add_asset(router, name, file, media_type)
    return router


def _add_asset(router: APIRouter, name: str, file: Traversable, media_type: str) -> None:
    @router.get(f"/docs-assets/{name}")
    def asset() -> Response:
        return Response(file.read_bytes(), media_type=media_type, headers=_CACHED)
