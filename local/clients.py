"""AWS clients that speak to the emulator."""

from __future__ import annotations

from typing import Any, cast

import boto3

from local.emulator import Emulator


def client(emulator: Emulator, service: str) -> Any:
    """A boto3 client of ``service`` ("lambda", "cloudwatch", ...), whatever credentials the caller has."""
    return cast("Any", boto3).client(
        service,
        endpoint_url=emulator.url,
        region_name=emulator.settings.region,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - the emulator takes any
    )
