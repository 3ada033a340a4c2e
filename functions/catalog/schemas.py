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


class ServingVersion(_Answer):
    """A version and the share of the model's requests that it answers."""

    version: str
    weight: float = Field(gt=0, le=1)
    deployment: str | None = Field(None, description="Number of the published function version, on AWS Lambda.")


class ModelState(_Answer):
    """One model, whether it can answer now, and which versions do."""

    name: str
    version: str = Field(description="The version that was deployed last; a release may still hold it back.")
    title: str
    state: Literal["ready", "unavailable"]
    serving: tuple[ServingVersion, ...] = Field(description="Heaviest first; empty where that is not known.")


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
