"""`GET /releases/{model}` and `GET /releases/{model}/{number}`."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel

from functions.catalog.catalog import Catalog
from functions.catalog.credentials import Credentials, asked
from functions.catalog.releases.answers import release_detail, release_list
from functions.catalog.releases.examples import DETAIL, LIST
from functions.catalog.releases.history import ReleaseHistory
from functions.catalog.releases.queries import LIMIT, no_such_release, read_limit, read_number, require_signed
from functions.catalog.releases.schemas import ReleaseDetail, ReleaseList
from serin.errors import NO_SUCH_MODEL, ModelNotFound
from serin.openapi import error_responses

TAG: Final = "Releases"
DESCRIPTION: Final = "How new versions take over. Asks for a signature, whatever the other routes ask for."

Model = Annotated[str, Path(description="The model's name.", examples=[LIST.model])]
Limit = Annotated[int, Depends(read_limit)]
Number = Annotated[int | None, Depends(read_number)]


def release_routes(catalog: Catalog, history: ReleaseHistory) -> APIRouter:
    """Both routes. They are below no model's own paths, which lead to the model's function."""
    router = APIRouter(prefix="/releases", tags=[TAG], dependencies=[Depends(require_signed)])
    names = frozenset(manifest.name for manifest in catalog.manifests())

    @router.get(
        "/{model}",
        summary="The last releases of a model, newest first",
        responses=_documented(LIST),
        response_model_exclude_none=True,
        openapi_extra=asked(Credentials.IAM) | {"parameters": [LIMIT]},
    )
    def releases(model: Model, limit: Limit) -> ReleaseList:
        _require_model(model, names)
        return release_list(model, history.newest(model, limit))

    @router.get(
        "/{model}/{number}",
        summary="One release, with its evidence; `latest` is the last one",
        responses=_documented(DETAIL),
        response_model_exclude_none=True,
        openapi_extra=asked(Credentials.IAM),
    )
    def release(model: Model, number: Number) -> ReleaseDetail:
        _require_model(model, names)
        found = history.newest(model, 1, up_to=number)
        if not found or number not in {None, found[0].number}:
            raise no_such_release()
        return release_detail(found[0])

    return router


def _require_model(model: str, names: frozenset[str]) -> None:
    if model not in names:
        raise ModelNotFound(NO_SUCH_MODEL)


def _documented(example: BaseModel) -> dict[int | str, dict[str, Any]]:
    documented: dict[int | str, dict[str, Any]] = {
        int(status): answer for status, answer in error_responses(404, 405, 422, 503).items()
    }
    documented[200] = {"content": {"application/json": {"example": example.model_dump(mode="json", exclude_none=True)}}}
    return documented
