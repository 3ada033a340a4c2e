"""What a request about releases may ask, and whose it must be."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from fastapi import HTTPException, Path, Request

from functions.catalog.releases.history import MOST
from serin.errors import InvalidInput, NotFound

SIGNED: Final = "is_signed"
"""Entry of the ASGI scope's ``state``: whether API Gateway knows the caller by a signature."""

LATEST: Final = "latest"

_DEFAULT: Final = 10
_LIMIT: Final = "limit"
_COUNT: Final = re.compile(r"[1-9][0-9]?")
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,8}")

LIMIT: Final[dict[str, Any]] = {
    "name": _LIMIT,
    "in": "query",
    "required": False,
    "description": "How many releases, at most.",
    "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": _DEFAULT},
}
"""The parameter as the OpenAPI document says it."""


def require_signed(request: Request) -> None:
    """Let nobody in who has come by another route of the API, which asks for less.

    API Gateway matches paths as they are written, and functions see them decoded: ``/%72eleases`` is no route of its
    own there, so it goes the way of unknown paths.

    Raises:
        HTTPException: the caller is not known by a signature; answered as for a path that is no route.
    """
    if request.scope.get("state", {}).get(SIGNED) is not True:
        raise HTTPException(404)


def read_limit(request: Request) -> int:
    """How many releases are wanted.

    Raises:
        InvalidInput: another parameter, ``limit`` twice, or no number from 1 to ``MOST``.
    """
    given = request.query_params.multi_items()
    if not given:
        return _DEFAULT
    if [name for name, _ in given] != [_LIMIT]:
        raise InvalidInput(f"query: takes `{_LIMIT}`, once, and nothing else")
    text = given[0][1]
    if not _COUNT.fullmatch(text) or int(text) > MOST:
        raise InvalidInput(f"query, `{_LIMIT}`: must be a whole number from 1 to {MOST}")
    return int(text)


def read_number(
    number: Annotated[str, Path(description=f"Number of the release, or `{LATEST}`.", examples=[LATEST])],
    request: Request,
) -> int | None:
    """The release that is asked for; None for the last one.

    Raises:
        InvalidInput: there is a query.
        NotFound: no release can have such a number.
    """
    if request.query_params:
        raise InvalidInput("query: this route takes none")
    if number == LATEST:
        return None
    if not _NUMBER.fullmatch(number):
        raise no_such_release()
    return int(number)


def no_such_release() -> NotFound:
    """For a number that no release of the model has."""
    return NotFound("no such release; GET /releases/{model} lists those of a model")
