"""`GET /openapi.json`: the models' document and the control plane's own routes in one."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from functions.catalog.catalog import Catalog
from functions.catalog.control import TAG
from functions.catalog.credentials import Credentials, explain, secure
from functions.catalog.releases import routes as releases
from serin.openapi import openapi_document


def describe(app: FastAPI, catalog: Catalog, credentials: Credentials | None, *, has_releases: bool) -> dict[str, Any]:
    """The whole endpoint, models first, and what every route asks for; None where that is nothing."""
    document = openapi_document(catalog.manifests(), server_url=None)
    if credentials is not None:
        secure(document, credentials)
    control = get_openapi(title=app.title, version=app.version, routes=app.routes)
    document["paths"] |= control["paths"]
    document["components"]["schemas"] |= control["components"]["schemas"]
    document["tags"].append({"name": TAG, "description": "The endpoint as a whole."})
    if has_releases:
        document["tags"].append({"name": releases.TAG, "description": releases.DESCRIPTION})
        explain(document, Credentials.IAM)
    return document


def located(document: dict[str, Any], root: str) -> dict[str, Any]:
    """``document`` as served below the prefix ``root``."""
    return document | {"servers": [{"url": root}]} if root else document
