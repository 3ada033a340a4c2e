"""Where things are in this checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parent.parent
CACHE: Final = REPOSITORY / ".cache"
"""What is fetched or built on demand and may be deleted at any time."""
