"""A typed document as plain data for a script to read: every field, also those that were left at their default."""

from __future__ import annotations

from enum import Enum
from typing import Any

import msgspec


def plain(value: Any) -> Any:
    """``value`` as JSON knows it; a struct as an object with its tag, if it has one, and all its fields."""
    if isinstance(value, msgspec.Struct):
        config = value.__struct_config__
        tag = {} if config.tag_field is None else {config.tag_field: config.tag}
        return tag | {field: plain(getattr(value, field)) for field in value.__struct_fields__}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
