"""What the environment tells the inference function, parsed once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

MB_PER_VCPU: Final = 1769
"""Lambda's CPU share is its memory in MB over this (AWS Lambda developer guide, memory and computing power)."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """``models``: folder of model folders. ``threads``: intra-op threads, one a whole vCPU.

    ``function_version``: number of the published function version; None outside Lambda. ``cors_origin``: the web page
    that may read the answers; None where no page may. ``signer``: digest of the key that must have signed the models
    when they were compiled; None where no key must.
    """

    models: str
    threads: int
    function_version: str | None
    cors_origin: str | None
    signer: str | None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read ``SERIN_MODELS_DIR``, ``SERIN_CORS_ORIGIN``, ``SERIN_SIGNER`` and what Lambda sets:
        ``AWS_LAMBDA_FUNCTION_MEMORY_SIZE`` and ``AWS_LAMBDA_FUNCTION_VERSION``.

        Raises:
            ValueError: the memory size is no number.
        """
        memory_mb = int(environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", MB_PER_VCPU))
        return cls(
            models=environment.get("SERIN_MODELS_DIR", "models"),
            threads=max(1, memory_mb // MB_PER_VCPU),
            function_version=environment.get("AWS_LAMBDA_FUNCTION_VERSION"),
            cors_origin=environment.get("SERIN_CORS_ORIGIN"),
            signer=environment.get("SERIN_SIGNER"),
        )
