"""Limits of Lambda that the emulator does not keep: reserved concurrency of versions, and the size of a request."""

from __future__ import annotations

import json
from typing import Any, Final

from local.launcher.patching import existing, service, wrap

REQUEST_LIMIT: Final = 6_291_556
TOO_LONG: Final = "Request Too Long"
TOO_LONG_BODY: Final = json.dumps({"message": TOO_LONG})
"""How the refusal reaches API Gateway, which words it as the API asks (``local.launcher.gateway``)."""


def teach() -> None:
    """A version draws on its function's reserved concurrency; a request over 6 MB is answered 413."""
    functions = service("lambda_svc")
    existing(functions, "_functions")
    wrap(functions, "_reserved_concurrency", lambda original: _of_the_function(functions, original))
    wrap(functions, "_execute_function_dispatch", _within_the_limit)


def _of_the_function(functions: Any, original: Any) -> Any:
    def reserved(func: dict[str, Any], config: dict[str, Any]) -> Any:
        base = functions._functions.get(config.get("FunctionName")) or func
        return original(base, config)

    return reserved


def _within_the_limit(original: Any) -> Any:
    """The interface emulator in a container cuts a longer request silently."""

    def dispatch(func: Any, config: Any, event: Any, *rest: Any) -> Any:
        if len(json.dumps(event).encode()) > REQUEST_LIMIT:
            return {"error": True, "refused": True, "body": {"statusCode": 413, "body": TOO_LONG_BODY}, "log": ""}
        return original(func, config, event, *rest)

    return dispatch
