"""The catalogue of models that run as Lambda functions of their own: each one's alias is asked whether it is ready."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import msgspec
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from functions.catalog.catalog import ModelStatus, Share
from functions.catalog.serving import ServingVersions
from serin.manifest import Manifest

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

_AT_ONCE: Final = 64
"""All models of a stage: one that hangs keeps no other waiting."""

FRESH_SECONDS: Final = 5.0
"""How long an answer holds. Every ask is an invocation, so health checks must not multiply them."""

CLIENT: Final = Config(
    connect_timeout=1, read_timeout=6, retries={"total_max_attempts": 1}, max_pool_connections=_AT_ONCE
)
"""Bounds on one ask. A function that starts cold may take some seconds before it can say that it is ready."""

_LOGGER: Final = logging.getLogger(__name__)
_UNKNOWN: Final = ModelStatus(ready=False, serving=())


class _Answer(msgspec.Struct):
    """The part of a proxy response that matters here."""

    status: int = msgspec.field(name="statusCode")


class AliasCatalog:
    """``find_aliases`` gives the ARN of each model's alias, by the model's name; one without is not ready."""

    def __init__(
        self,
        manifests: Sequence[Manifest],
        find_aliases: Callable[[], Mapping[str, str]],
        client: LambdaClient,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._manifests = tuple(manifests)
        self._find_aliases = find_aliases
        self._client = client
        self._serving = ServingVersions(client)
        self._clock = clock
        self._lock = threading.Lock()
        self._known: Mapping[str, ModelStatus] = {}
        self._known_until = -1.0

    def manifests(self) -> Sequence[Manifest]:
        return self._manifests

    def status(self) -> Mapping[str, ModelStatus]:
        """By model's name, at most ``FRESH_SECONDS`` old. All are asked at once; takes as long as the slowest."""
        with self._lock:
            if self._clock() >= self._known_until:
                self._known = self._ask_all()
                self._known_until = self._clock() + FRESH_SECONDS
            return self._known

    def _ask_all(self) -> Mapping[str, ModelStatus]:
        names = [manifest.name for manifest in self._manifests]
        try:
            aliases = self._find_aliases()
        except (BotoCoreError, ClientError) as error:
            _LOGGER.warning("the models' aliases cannot be looked up: %s", type(error).__name__)
            return dict.fromkeys(names, _UNKNOWN)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return dict(zip(names, pool.map(lambda name: self._ask(name, aliases.get(name)), names), strict=True))

    def _ask(self, name: str, alias: str | None) -> ModelStatus:
        if alias is None:
            return _UNKNOWN
        return ModelStatus(ready=self._is_ready(name, alias), serving=self._shares(name, alias))

    def _shares(self, name: str, alias: str) -> tuple[Share, ...]:
        try:
            return self._serving(alias)
        except (BotoCoreError, ClientError) as error:
            _LOGGER.warning("the versions of model %s cannot be read: %s", name, type(error).__name__)
            return ()

    def _is_ready(self, name: str, alias: str) -> bool:
        try:
            answer = self._client.invoke(FunctionName=alias, Payload=msgspec.json.encode(_ready_event(name)))
            if answer.get("FunctionError"):
                return False
            return msgspec.json.decode(answer["Payload"].read(), type=_Answer).status == 200
        except (BotoCoreError, ClientError, msgspec.DecodeError) as error:
            _LOGGER.warning("model %s cannot be asked: %s", name, type(error).__name__)
            return False


def _ready_event(name: str) -> dict[str, Any]:
    """An API Gateway proxy event, which is all that the inference function reads."""
    return {"httpMethod": "GET", "path": f"/v2/models/{name}/ready", "headers": {}, "body": None}
