"""Requests to an ASGI application in this process, without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx


def call(
    app: Any,
    path: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
    root_path: str = "",
) -> httpx.Response:
    """One answer of ``app``; a crash of it is answered as a server would, not raised."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, root_path=root_path)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:3000") as client:
            return await client.request(method, path, headers=headers, content=content)

    return asyncio.run(ask())


def error_of(response: httpx.Response) -> str:
    """The code of an error answer, whose shape is checked on the way."""
    error = response.json()
    assert error.keys() == {"error", "code", "request_id"}
    assert error["request_id"] == response.headers["x-request-id"]
    code: str = error["code"]
    return code
