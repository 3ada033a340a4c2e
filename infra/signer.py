"""The key that must have signed every model of a stage: read once, then told to each image and each function."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from infra.config import ConfigurationError, Stage
from serin.signer import Signer, SignerError, read_signer


def stage_signer(stage: Stage, root: Path) -> Signer | None:
    """The key that ``stage`` demands signatures of, from its file below ``root``; None where it demands none.

    Raises:
        ConfigurationError: no such file, no such key, or what checks signatures is not installed.
    """
    if stage.signer is None:
        return None
    try:
        return read_signer(root / stage.signer)
    except SignerError as error:
        raise ConfigurationError(f"stage {stage.name!r}: signer: {error.message}") from None


def signer_environment(signer: Signer | None) -> Mapping[str, str]:
    """The setting by which a function refuses to start with a model that was not checked with this key."""
    return {} if signer is None else {"SERIN_SIGNER": signer.digest}
