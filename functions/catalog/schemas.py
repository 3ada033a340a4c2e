"""Bodies of the control plane's answers, as the OpenAPI document shows them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class ServerInfo(_Answer):
    """Answer of `GET /v2`."""

    name: str
    version: str
    extensions: tuple[str, ...]


class Live(_Answer):
    """Answer of `GET /v2/health/live`."""

    live: Literal[True] = True


class Ready(_Answer):
    """Answer of `GET /v2/health/ready`."""

    ready: Literal[True] = True


class ModelState(_Answer):
    """One model, and whether it can answer now."""

    name: str
    version: str
    title: str
    state: Literal["ready", "unavailable"]


class ModelList(_Answer):
    """Answer of `GET /v2/models`."""

    models: tuple[ModelState, ...]


class IndexedModel(_Answer):
    """One model and where to find it; links are relative to the server's URL."""

    name: str
    version: str
    title: str
    predict: str = Field(description="Where to POST rows.")
    metadata: str = Field(description="Names, datatypes and shapes of the tensors.")


class Index(_Answer):
    """Answer of `GET /` to clients that ask for JSON."""

    name: str
    version: str
    docs: str
    openapi: str
    models: tuple[IndexedModel, ...]
