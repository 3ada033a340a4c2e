"""Begins with ONNX Runtime, in a thread: its own work goes on while Python imports the rest.

Imported for that, and first. Whoever needs ``serin.engine`` waits for it there, and learns there what went wrong.
"""

from __future__ import annotations

import threading


def _open_engine() -> None:
    try:
        import serin.engine.environment  # noqa: F401 - for what it does
    except Exception:  # noqa: BLE001 - the import that needs it fails in the same way, and says why
        return


threading.Thread(target=_open_engine, name="serin-ahead", daemon=True).start()
