"""The last releases of a model, out of the table that the release functions write."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from serin.errors import ModelNotReady
from serin.release.record import Release
from serin.release.table import ReleaseTable

MOST: Final = 50
"""Releases in one answer."""

_LOGGER: Final = logging.getLogger(__name__)


class ReleaseHistory(Protocol):
    """The records of all models."""

    def newest(self, model: str, count: int, up_to: int | None = None) -> Sequence[Release]:
        """At most ``count`` releases, newest first; with ``up_to``, those of this number and below.

        Raises:
            ModelNotReady: they cannot be read now.
        """


class TableHistory:
    """``client`` is boto3's for DynamoDB."""

    def __init__(self, client: Any, table: str) -> None:
        self._table = ReleaseTable(client, table)

    def newest(self, model: str, count: int, up_to: int | None = None) -> Sequence[Release]:
        """As ``ReleaseHistory`` says. ``model`` stands in the log where it fails, so it must be a model's name."""
        try:
            return self._table.newest(model, count, up_to=up_to)
        # Also a record that a newer release function has written.
        except (BotoCoreError, ClientError, KeyError, TypeError, ValueError) as error:
            kind = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
            _LOGGER.warning("the releases of model %s cannot be read: %s", model, kind)
            raise ModelNotReady("the records of releases cannot be read now; try again") from None
