"""What figures depend on: processors and versions."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from typing import Final

_PACKAGES: Final = ("onnxruntime", "numpy", "msgspec", "fastapi", "uvicorn")


def facts() -> dict[str, str]:
    """Of this machine, as the results state them."""
    return {
        "cores": str(os.cpu_count()),
        "architecture": platform.machine(),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        **{name: version(name) for name in _PACKAGES},
    }
