"""A real function that answers its event, says one line, counts, fails, or sleeps, as its event asks."""

from __future__ import annotations

import os
import time
from typing import Any


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    if "say" in event:
        print(event["say"])  # noqa: T201 - a function's standard output is its log
    if "fail" in event:
        raise ValueError(event["fail"])
    if "count" in event:
        return {"count": len(event["count"])}
    time.sleep(event.get("sleep", 0))
    return {
        "event": event,
        "pid": os.getpid(),
        "name": context.function_name,
        "memory": int(context.memory_limit_in_mb),
        "environment": dict(os.environ),
    }
