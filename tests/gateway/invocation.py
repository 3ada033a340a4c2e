"""HTTP requests to one function under the interface emulator, in a container or not, and how long it took."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec

from local.rie import Invocation
from tests.gateway.events import HttpRequest, HttpResponse, http_response, proxy_event

LAMBDA_INIT_SECONDS: Final = 10
"""Lambda ends a longer start (AWS Lambda developer guide, "Init phase")."""

_JSON: Final = {"Content-Type": "application/json"}
_DURATION: Final = re.compile(r"^REPORT RequestId: .*\tDuration: ([0-9.]+) ms\t")


class Function(Protocol):
    """A running function and all that it has written."""

    @property
    def init_seconds(self) -> float | None: ...

    @property
    def lines(self) -> tuple[str, ...]: ...

    def invoke(self, payload: bytes) -> Invocation: ...


def send(
    function: Function, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] = _JSON
) -> HttpResponse:
    """What ``function`` answers to API Gateway's event of this request."""
    event = proxy_event(HttpRequest(method, path, tuple(headers.items()), body), "127.0.0.1")
    return http_response(function.invoke(msgspec.json.encode(event)).payload)


@dataclass(frozen=True)
class Timing:
    """Of one function, by the emulator's own clock."""

    init_seconds: float
    warm_ms: float
    calls: int

    def __str__(self) -> str:
        return f"init {self.init_seconds:.3f} s, warm {self.warm_ms:.2f} ms ({self.calls} calls)"


def timing(function: Function, call: Callable[[], object], calls: int) -> Timing:
    """How long the start of ``function`` took, and the median of so many warm calls."""
    call()
    before = len(_durations_ms(function))
    for _ in range(calls):
        call()
    warm = _durations_ms(function)[before:]
    assert len(warm) == calls
    assert function.init_seconds is not None
    return Timing(function.init_seconds, statistics.median(warm), calls)


def _durations_ms(function: Function) -> list[float]:
    return [float(found[1]) for line in function.lines if (found := _DURATION.match(line))]
