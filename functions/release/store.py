"""Release records in DynamoDB. Every write is conditional, every read consistent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from botocore.exceptions import ClientError

from serin.release.controller import Conflict, NoRelease
from serin.release.items import to_item
from serin.release.record import Release
from serin.release.table import ReleaseTable


class TableStore(ReleaseTable):
    """``client`` is boto3's for DynamoDB."""

    def read(self, model: str, number: int) -> Release:
        """Raises NoRelease where there is none of this number."""
        release = self.find(model, number)
        if release is None:
            raise NoRelease(f"{model} has no release {number}")
        return release

    def last(self, model: str) -> Release | None:
        releases = self.newest(model, 1)
        return releases[0] if releases else None

    def create(self, release: Release) -> None:
        with _conditional():
            self._client.put_item(
                TableName=self._table,
                Item=to_item(release),
                ConditionExpression="attribute_not_exists(#model)",
                ExpressionAttributeNames={"#model": "model"},
            )

    def write(self, release: Release) -> Release:
        written = replace(release, revision=release.revision + 1)
        with _conditional():
            self._client.put_item(
                TableName=self._table,
                Item=to_item(written),
                ConditionExpression="#revision = :revision",
                ExpressionAttributeNames={"#revision": "revision"},
                ExpressionAttributeValues={":revision": {"N": str(release.revision)}},
            )
        return written


@contextmanager
def _conditional() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        raise Conflict("the record is not what it was") from None
