"""ONNX Runtime's environment: one for the process, never released.

Making it takes longer than any other step of a start, and needs nothing of Python. So a thread makes it from the moment
this module is imported, while the imports go on; who imports it first gains most. Only that one call is left to the
thread: two threads that import side by side are slower than one.
"""

from __future__ import annotations

import threading
from typing import Final

from serin.engine.c_api import LOG_FATAL_ONLY
from serin.engine.library import API
from serin.engine.status import RuntimeFailure, check, made


class Environment:
    """An environment in the making."""

    def __init__(self) -> None:
        self._made: int | None = None
        self._failure: RuntimeFailure | None = None
        # No daemon: a process that ends at once waits for it, as it cannot end in the middle of that call.
        self._thread = threading.Thread(target=self._make, name="serin-environment")
        self._thread.start()

    @property
    def address(self) -> int:
        """The ``OrtEnv*``, as soon as it is there.

        Raises:
            RuntimeFailure: it could not be made.
        """
        self._thread.join()
        if self._made is None:
            raise self._failure or RuntimeFailure("the environment was not made")
        return self._made

    def _make(self) -> None:
        try:
            address = made(API.CreateEnv, LOG_FATAL_ONLY, b"serin")
            check(API.DisableTelemetryEvents(address))
            self._made = address
        except RuntimeFailure as failure:
            self._failure = failure


ENVIRONMENT: Final = Environment()
