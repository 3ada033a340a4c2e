"""ONNX Runtime's environment: one for the process, never released.

Making it takes longer than anything else of a start, and holds no lock of Python's. It needs little of Python, so that
a thread can begin with it (``functions/inference/ahead.py``).
"""

from __future__ import annotations

from typing import Final

from serin.engine.c_api import LOG_FATAL_ONLY
from serin.engine.library import API
from serin.engine.status import check, made

ENVIRONMENT: Final = made(API.CreateEnv, LOG_FATAL_ONLY, b"serin")
check(API.DisableTelemetryEvents(ENVIRONMENT))
