"""What the environment tells the catalogue function, parsed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """``models``: folder of model folders; their manifests suffice. ``functions``: function or alias ARN by model."""

    models: Path
    functions: Mapping[str, str]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read ``SERIN_MODELS_DIR`` and ``SERIN_FUNCTIONS``, a JSON object of function names by model.

        Raises:
            ValueError: ``SERIN_FUNCTIONS`` is no such object.
        """
        try:
            functions = msgspec.json.decode(environment.get("SERIN_FUNCTIONS", "{}"), type=dict[str, str])
        except msgspec.DecodeError:
            raise ValueError("SERIN_FUNCTIONS must be a JSON object of function names by model") from None
        return cls(models=Path(environment.get("SERIN_MODELS_DIR", "models")), functions=functions)
