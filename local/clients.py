"""AWS clients that speak to the emulator."""

from __future__ import annotations

from typing import Any, cast

import boto3
from botocore.config import Config

from local.emulator import Emulator


def client(emulator: Emulator, service: str) -> Any:
    """A boto3 client of ``service`` ("lambda", "cloudwatch", ...), whatever credentials the caller has.

    It never tries again: a refusal is what a caller here wants to see.
    """
    return cast("Any", boto3).client(
        service,
        endpoint_url=emulator.url,
        region_name=emulator.settings.region,
        config=Config(retries={"total_max_attempts": 1}),
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - the emulator takes any
    )
