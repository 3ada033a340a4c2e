"""The first run of each session, the slowest, taken before anyone waits for it.

Where Lambda starts a process ahead of its requests (a snapshot to start from, an instance to keep ready), the example
of each model's manifest goes through the whole path of a request, without a line in the log. A start that a request
waits for has no time for that, and imports nothing of it.

What a snapshot must not hold once for all who start from it, it does not hold: the ids of predictions come from the
kernel, request by request (Lambda renews its randomness after a restore: developer guide, "Handling uniqueness with
Lambda SnapStart"), deadlines are counted from each request's beginning, and the observer that says whether a request is
the first of its process has seen none.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from serin.apigateway import Handler
    from serin.manifest import Manifest
    from serin.observability import Observer

AHEAD: Final = frozenset({"snap-start", "provisioned-concurrency"})
"""Values of ``AWS_LAMBDA_INITIALIZATION_TYPE`` (AWS Lambda developer guide, "Lambda environment variables")."""

_SECONDS: Final = 10
"""For one run, however long the manifest lets a request take: Lambda ends a start."""


def starts_ahead(environment: Mapping[str, str]) -> bool:
    """Whether Lambda starts this process ahead of its requests."""
    return environment.get("AWS_LAMBDA_INITIALIZATION_TYPE") in AHEAD


def prime(
    environment: Mapping[str, str], manifests: Iterable[Manifest], handler_with: Callable[[Observer], Handler]
) -> None:
    """Ask each model for its example once, if Lambda starts this process ahead of its requests.

    ``handler_with`` builds a handler over the models that reports to the observer it is given. A model that refuses its
    example is primed as far as it went.
    """
    if not starts_ahead(environment):
        return
    # A start that a request waits for does without these.
    from serin.observability import Observer, ObserverSettings

    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123 - pathlib is not on this path
        handler = handler_with(Observer(ObserverSettings(service="priming", stream=nowhere)))
        for manifest in manifests:
            handler(_event(manifest), _Context())


class _Context:
    """What a handler reads of an invocation."""

    aws_request_id = "priming"

    def get_remaining_time_in_millis(self) -> int:
        return _SECONDS * 1000


def _event(manifest: Manifest) -> dict[str, Any]:
    import msgspec

    from serin.openapi.examples import example_request

    return {
        "httpMethod": "POST",
        "path": f"/models/{manifest.name}/predict",
        "headers": {"content-type": "application/json"},
        "multiValueHeaders": None,
        "requestContext": {"requestId": "priming"},
        "body": msgspec.json.encode(example_request(manifest)).decode(),
        "isBase64Encoded": False,
    }
