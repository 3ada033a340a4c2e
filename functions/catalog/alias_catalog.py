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

from serin.manifest import Manifest

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

FRESH_SECONDS: Final = 5.0
"""How long an answer holds. Every ask is an invocation, so health checks must not multiply them."""

CLIENT: Final = Config(connect_timeout=1, read_timeout=6, retries={"total_max_attempts": 1}, max_pool_connections=16)
"""Bounds on one ask. A function that starts cold may take some seconds before it can say that it is ready."""

_AT_ONCE: Final = 16
_LOGGER: Final = logging.getLogger(__name__)


class _Answer(msgspec.Struct):
    """The part of a proxy response that matters here."""

    status: int = msgspec.field(name="statusCode")


class AliasCatalog:
    """``functions`` names the function or alias that serves a model; a model without one is not ready."""

    def __init__(
        self,
        manifests: Sequence[Manifest],
        functions: Mapping[str, str],
        client: LambdaClient,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._manifests = tuple(manifests)
        self._functions = functions
        self._client = client
        self._clock = clock
        self._lock = threading.Lock()
        self._known: Mapping[str, bool] = {}
        self._known_until = -1.0

    def manifests(self) -> Sequence[Manifest]:
        return self._manifests

    def ready(self) -> Mapping[str, bool]:
        """By model's name, at most ``FRESH_SECONDS`` old. All are asked at once; takes as long as the slowest."""
        with self._lock:
            if self._clock() >= self._known_until:
                self._known = self._ask_all()
                self._known_until = self._clock() + FRESH_SECONDS
            return self._known

    def _ask_all(self) -> Mapping[str, bool]:
        names = [manifest.name for manifest in self._manifests]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return dict(zip(names, pool.map(self._ask, names), strict=True))

    def _ask(self, name: str) -> bool:
        function = self._functions.get(name)
        if function is None:
            return False
        try:
            answer = self._client.invoke(FunctionName=function, Payload=msgspec.json.encode(_ready_event(name)))
            if answer.get("FunctionError"):
                return False
            return msgspec.json.decode(answer["Payload"].read(), type=_Answer).status == 200
        except (BotoCoreError, ClientError, msgspec.DecodeError) as error:
            _LOGGER.warning("model %s cannot be asked: %s", name, type(error).__name__)
            return False


def _ready_event(name: str) -> dict[str, Any]:
    """An API Gateway proxy event, which is all that the inference function reads."""
    return {"httpMethod": "GET", "path": f"/v2/models/{name}/ready", "headers": {}, "body": None}
