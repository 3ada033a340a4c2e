"""What the environment tells the catalogue function, parsed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from functions.catalog.credentials import Credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """``models``: folder of model folders; their manifests suffice.

    ``parameter_path``: where the models' stacks have written down their aliases, like ``/serin/dev/models``.
    ``credentials``: what API Gateway asks every client for.
    ``releases_table``: the table with the records of releases; None where they are not shown.
    ``cors_origin``: the web page that may read the answers; None where no page may.
    """

    models: Path
    parameter_path: str
    credentials: Credentials
    releases_table: str | None
    cors_origin: str | None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read ``SERIN_MODELS_DIR``, ``SERIN_MODELS_PARAMETER_PATH``, ``SERIN_CREDENTIALS``,
        ``SERIN_RELEASES_TABLE`` and ``SERIN_CORS_ORIGIN``.

        Raises:
            ValueError: ``SERIN_MODELS_PARAMETER_PATH`` is missing, or there are no such credentials.
        """
        path = environment.get("SERIN_MODELS_PARAMETER_PATH")
        if not path:
            raise ValueError("SERIN_MODELS_PARAMETER_PATH must name the path of the models' parameters")
        return cls(
            models=Path(environment.get("SERIN_MODELS_DIR", "models")),
            parameter_path=path,
            credentials=Credentials(environment.get("SERIN_CREDENTIALS", Credentials.API_KEY.value)),
            releases_table=environment.get("SERIN_RELEASES_TABLE"),
            cors_origin=environment.get("SERIN_CORS_ORIGIN"),
        )
